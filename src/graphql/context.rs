//! What resolvers find in their context, and how they read identifiers.

use std::str::FromStr;

use async_graphql::{Context, ID};

use super::{
    error::{InputError, Unauthenticated},
    loaders::Loaders,
};
use crate::{
    model::{IdError, Scope},
    service::Service,
    store::Db,
};

/// Who asks.
pub(super) fn scope<'a>(context: &Context<'a>) -> Result<&'a Scope, Unauthenticated> {
    context.data_opt::<Scope>().ok_or(Unauthenticated)
}

/// The loaders of this execution.
pub(super) fn loaders<'a>(context: &Context<'a>) -> Result<&'a Loaders, Unauthenticated> {
    context.data_opt::<Loaders>().ok_or(Unauthenticated)
}

/// The use cases.
pub(super) fn service<'a>(context: &Context<'a>) -> async_graphql::Result<&'a Service> {
    context.data::<Service>()
}

/// The database to read from.
pub(super) fn db<'a>(context: &Context<'a>) -> async_graphql::Result<&'a Db> {
    Ok(service(context)?.db())
}

/// Reads the identifier given for an argument.
pub(super) fn id<T: FromStr<Err = IdError>>(argument: &str, given: &ID) -> Result<T, InputError> {
    given.parse().map_err(|error| InputError::id(argument, &error))
}

/// Reads the identifier given for an argument that may be left out.
pub(super) fn optional_id<T: FromStr<Err = IdError>>(
    argument: &str,
    given: Option<&ID>,
) -> Result<Option<T>, InputError> {
    given.map(|given| id(argument, given)).transpose()
}
