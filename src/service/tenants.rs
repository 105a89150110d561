//! Whose data a request sees.

use super::{Service, ServiceError};
use crate::{
    model::{Role, Scope},
    store::tenants,
};

impl Service {
    /// The scope of requests without a credential: the default tenant, which is made when it does not exist.
    pub async fn default_scope(&self) -> Result<Scope, ServiceError> {
        let tenant = tenants::ensure_default(self.db().writer(), self.clock().now()).await?;
        Ok(Scope { tenant_id: tenant.id, user_id: None, role: Role::Owner })
    }
}
