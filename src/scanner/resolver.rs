//! From a name to the addresses that may be connected to.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use hickory_resolver::{
    ResolverBuilder, TokioResolver,
    config::LookupIpStrategy,
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::op::ResponseCode,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address_guard::AddressGuard;

/// Why a name leads nowhere.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum LookupError {
    /// The DNS says that the name, or an address of it, does not exist.
    #[error("the name {0} does not exist in the DNS, or has no address")]
    NotFound(String),
    /// The DNS gave no answer that says either.
    #[error("the DNS could not tell the address of {name}: {source}")]
    Failed { name: String, source: NetError },
    /// Every address of the name is one that must not be reached.
    #[error("the name {name} leads to {address}, which is not an address of the public internet")]
    Blocked { name: String, address: IpAddr },
}

/// Looks names up and lets no address pass that the guard refuses.
#[derive(Clone)]
pub(super) struct GuardedResolver(Arc<Source>);

enum Source {
    /// Every name leads to this address, which the settings permit.
    Fixed(SocketAddr),
    Dns(Box<TokioResolver>, AddressGuard),
    /// Every name leads to this address as if the DNS said so, with the limits that hold for others.
    #[cfg(test)]
    AsIfDns(SocketAddr),
}

impl GuardedResolver {
    /// Every name leads to one address.
    pub(super) fn fixed(address: SocketAddr) -> Self {
        Self(Arc::new(Source::Fixed(address)))
    }

    /// Every name leads to one address, which is treated like any other.
    #[cfg(test)]
    pub(super) fn as_if_dns(address: SocketAddr) -> Self {
        Self(Arc::new(Source::AsIfDns(address)))
    }

    /// Names are looked up with the name servers of the system.
    pub(super) fn system(guard: AddressGuard) -> Result<Self, NetError> {
        Self::build(TokioResolver::builder_tokio()?, guard)
    }

    fn build(
        mut builder: ResolverBuilder<TokioRuntimeProvider>,
        guard: AddressGuard,
    ) -> Result<Self, NetError> {
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.try_tcp_on_error = true;
        options.preserve_intermediates = false;
        // One name server serves every scan in flight; the default of 32 would turn the rest away.
        options.max_active_requests = 4_096;
        Ok(Self(Arc::new(Source::Dns(Box::new(builder.build()?), guard))))
    }

    /// The addresses of a name that may be connected to, at least one; the port is 0 unless it is prescribed.
    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, LookupError> {
        match &*self.0 {
            Source::Fixed(address) => Ok(vec![*address]),
            #[cfg(test)]
            Source::AsIfDns(address) => Ok(vec![*address]),
            Source::Dns(dns, guard) => {
                // The final dot keeps the search domains of the system out.
                let found = dns.lookup_ip(format!("{}.", name.trim_end_matches('.'))).await;
                let found = found.map_err(|error| lookup_error(name, error))?;
                permitted(name, found.iter(), *guard)
            }
        }
    }

    /// Whether names lead where the settings say, and not where the DNS does.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(&*self.0, Source::Fixed(_))
    }
}

fn permitted(
    name: &str,
    found: impl Iterator<Item = IpAddr>,
    guard: AddressGuard,
) -> Result<Vec<SocketAddr>, LookupError> {
    let mut blocked = None;
    let mut addresses = Vec::new();
    for address in found {
        match guard.check_address(address) {
            Ok(()) => addresses.push(SocketAddr::new(address, 0)),
            Err(_) => blocked = Some(address),
        }
    }
    match (addresses.is_empty(), blocked) {
        (false, _) => Ok(addresses),
        (true, Some(address)) => Err(LookupError::Blocked { name: name.to_owned(), address }),
        (true, None) => Err(LookupError::NotFound(name.to_owned())),
    }
}

fn lookup_error(name: &str, error: NetError) -> LookupError {
    match &error {
        NetError::Dns(DnsError::NoRecordsFound(none))
            if matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError) =>
        {
            LookupError::NotFound(name.to_owned())
        }
        NetError::Dns(DnsError::ResponseCode(ResponseCode::NXDomain)) => {
            LookupError::NotFound(name.to_owned())
        }
        _ => LookupError::Failed { name: name.to_owned(), source: error },
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
