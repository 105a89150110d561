//! How lists are sorted.

use async_graphql::InputObject;

use super::enums::{BatchJobOrderField, DomainOrderField, JobOrderField, OrderDirection};
use crate::store::{Direction, batches, domains, jobs};

/// How domains are sorted.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct DomainOrder {
    /// By what.
    field: DomainOrderField,
    /// In which way.
    #[graphql(default_with = "OrderDirection::Ascending")]
    direction: OrderDirection,
}

impl DomainOrder {
    /// The order asked for; by name where none is.
    pub(crate) fn or_default(order: Option<Self>) -> domains::DomainOrder {
        let default = domains::DomainOrder { by: domains::DomainSort::Name, direction: Direction::Ascending };
        order.map_or(default, |order| domains::DomainOrder {
            by: order.field.into(),
            direction: order.direction.into(),
        })
    }
}

/// How jobs are sorted.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct JobOrder {
    /// By what.
    field: JobOrderField,
    /// In which way.
    #[graphql(default_with = "OrderDirection::Ascending")]
    direction: OrderDirection,
}

impl JobOrder {
    /// The order asked for; newest first where none is.
    pub(crate) fn or_default(order: Option<Self>) -> jobs::JobOrder {
        let default = jobs::JobOrder { by: jobs::JobSort::CreatedAt, direction: Direction::Descending };
        order.map_or(default, |order| jobs::JobOrder {
            by: order.field.into(),
            direction: order.direction.into(),
        })
    }
}

/// How batches are sorted.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct BatchJobOrder {
    /// By what.
    field: BatchJobOrderField,
    /// In which way.
    #[graphql(default_with = "OrderDirection::Ascending")]
    direction: OrderDirection,
}

impl BatchJobOrder {
    /// The order asked for; newest first where none is.
    pub(crate) fn or_default(order: Option<Self>) -> batches::BatchOrder {
        let default =
            batches::BatchOrder { by: batches::BatchSort::CreatedAt, direction: Direction::Descending };
        order.map_or(default, |order| batches::BatchOrder {
            by: order.field.into(),
            direction: order.direction.into(),
        })
    }
}
