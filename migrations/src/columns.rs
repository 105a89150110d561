//! The kinds of columns that the tables share.

use sea_orm_migration::{prelude::*, schema, sea_orm::DbBackend};

/// A time in UTC that is always known.
pub(crate) fn time(name: &'static str) -> ColumnDef {
    schema::timestamp_with_time_zone(name)
}

/// A time in UTC that may not have come.
pub(crate) fn time_null(name: &'static str) -> ColumnDef {
    schema::timestamp_with_time_zone_null(name)
}

/// A JSON value that is always there.
pub(crate) fn json(manager: &SchemaManager<'_>, name: &'static str, default: &'static str) -> ColumnDef {
    json_column(manager, name).not_null().default(default).take()
}

/// A JSON value that may be absent.
pub(crate) fn json_null(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    json_column(manager, name).null().take()
}

fn json_column(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    match manager.get_database_backend() {
        DbBackend::Postgres => ColumnDef::new(name).json_binary().take(),
        _ => ColumnDef::new(name).json().take(),
    }
}

/// Text that is one of the given values.
pub(crate) fn one_of(name: &'static str, values: &[&str]) -> ColumnDef {
    schema::text(name).check(Expr::col(name).is_in(values.iter().copied())).take()
}

/// Text that is compared byte by byte on every database.
pub(crate) fn bytewise_text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    match manager.get_database_backend() {
        DbBackend::Postgres => schema::text(name).extra("COLLATE \"C\"").take(),
        _ => schema::text(name),
    }
}

/// A foreign key to the `id` of another table.
pub(crate) fn reference(
    from: (&'static str, &'static str),
    to: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from.0, from.1).to(to, "id").on_delete(on_delete).take()
}

/// An index by the columns in their order.
pub(crate) fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}
