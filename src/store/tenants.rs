//! Tenants.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Set, entity::prelude::*, sea_query::OnConflict};

use super::StoreError;
use crate::model::{Scope, Tenant, TenantId};

/// A row of `tenants`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenants")]
pub struct Model {
    /// The identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name, unique.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Relations are followed by hand-written queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Tenant {
    fn from(row: Model) -> Self {
        Self { id: TenantId(row.id), name: row.name, created_at: row.created_at }
    }
}

/// The tenant that requests without a credential speak for; made when it does not exist.
pub async fn ensure_default(
    connection: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Tenant, StoreError> {
    ensure(connection, "default", now).await
}

/// The tenant of this name; made when it does not exist.
pub async fn ensure(
    connection: &impl ConnectionTrait,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Tenant, StoreError> {
    let row =
        ActiveModel { id: Set(TenantId::generate().0), name: Set(name.to_owned()), created_at: Set(now) };
    let on_conflict = OnConflict::column(Column::Name).do_nothing().to_owned();
    Entity::insert(row).on_conflict(on_conflict).exec_without_returning(connection).await?;
    let found = Entity::find().filter(Column::Name.eq(name)).one(connection).await?;
    found.map(Tenant::from).ok_or_else(|| StoreError::Unreadable(format!("the tenant `{name}` is gone")))
}

/// The caller's own tenant.
pub async fn of_scope(
    connection: &impl ConnectionTrait,
    scope: &Scope,
) -> Result<Option<Tenant>, StoreError> {
    Ok(Entity::find_by_id(scope.tenant_id.0).one(connection).await?.map(Tenant::from))
}
