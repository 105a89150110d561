//! Who asks.

use chrono::{DateTime, Utc};

use super::{TenantId, UserId};

/// A team whose data nobody else sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its identifier.
    pub id: TenantId,
    /// Its name, unique among tenants.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

super::status::named_enum! {
    /// What the caller may do.
    Role, "role" {
        /// Everything within the tenant.
        Owner = "owner",
    }
}

/// The tenant, and within it the caller, that a request speaks for. It comes from authentication
/// and from nowhere else; every read and write of tenant data is bound by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The tenant whose data is read and written.
    pub tenant_id: TenantId,
    /// The caller, where a person or program has been told apart.
    pub user_id: Option<UserId>,
    /// What the caller may do.
    pub role: Role,
}
