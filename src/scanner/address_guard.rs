//! Which addresses may be reached.
//!
//! The guard is asked twice: with the URL before each request and each redirect hop (an address written in the
//! URL never passes through name resolution), and with each address that a name resolves to. Only what passed is
//! connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use crate::config::ScannerSettings;

/// The ports that web sites are served on; others could reach services that are none.
const WEB_PORTS: &[u16] = &[80, 443, 8080, 8443];

/// Networks of IPv4 that are not part of the public internet, as first address and prefix length: the special
/// registries of IANA, and the platform address that Azure gives to its virtual machines.
const RESERVED_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Networks within the global unicast space of IPv6 that are not public: protocol assignments with Teredo,
/// documentation, and 6to4, which can wrap any address of IPv4.
const RESERVED_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The space that IANA gives out for global unicast.
const GLOBAL_UNICAST_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The well-known prefix of NAT64 (RFC 6052); the last 32 bits are an address of IPv4.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether an address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !RESERVED_V4.iter().any(|&(network, length)| {
        let shift = 32 - length;
        address.to_bits() >> shift == network.to_bits() >> shift
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    if within(address, NAT64) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    within(address, GLOBAL_UNICAST_V6) && !RESERVED_V6.iter().any(|&network| within(address, network))
}

fn within(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    let shift = 128 - length;
    address.to_bits() >> shift == network.to_bits() >> shift
}

/// Why a URL may not be requested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// The URL is neither http nor https.
    #[error("its scheme `{0}` is neither http nor https")]
    Scheme(String),
    /// The URL has no host.
    #[error("it names no host")]
    NoHost,
    /// A port that web sites are not served on.
    #[error("port {0} is none that web sites are served on")]
    Port(u16),
    /// An address outside the public internet.
    #[error("{0} is not an address of the public internet")]
    Address(IpAddr),
}

/// Says what may be reached under the settings.
#[derive(Debug, Clone, Copy)]
pub struct AddressGuard {
    allow_private: bool,
    plain: Option<SocketAddr>,
    tls: Option<SocketAddr>,
}

impl AddressGuard {
    /// A guard for the settings.
    pub fn new(settings: &ScannerSettings) -> Self {
        Self {
            allow_private: settings.allow_private_addresses,
            plain: settings.connect_to,
            tls: settings.connect_to_tls,
        }
    }

    /// Whether a URL may be requested, as far as the URL alone tells.
    pub fn check_url(&self, url: &Url) -> Result<(), Blocked> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Blocked::Scheme(url.scheme().chars().take(20).collect()));
        }
        match url.host() {
            None => return Err(Blocked::NoHost),
            Some(Host::Domain(_)) => {}
            Some(Host::Ipv4(v4)) => self.check_address(v4.into())?,
            Some(Host::Ipv6(v6)) => self.check_address(v6.into())?,
        }
        url.port().map_or(Ok(()), |port| self.check_port(port))
    }

    /// Whether an address may be connected to.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Blocked> {
        if self.allow_private || is_public(address) { Ok(()) } else { Err(Blocked::Address(address)) }
    }

    /// Where names lead to one given address, only its own port is open: another would reach another service.
    fn check_port(&self, port: u16) -> Result<(), Blocked> {
        let mut overrides = self.plain.iter().chain(&self.tls).peekable();
        let open = if overrides.peek().is_some() {
            overrides.any(|address| address.port() == port)
        } else {
            self.allow_private || WEB_PORTS.contains(&port)
        };
        if open { Ok(()) } else { Err(Blocked::Port(port)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guard() -> AddressGuard {
        AddressGuard::new(&ScannerSettings::default())
    }

    fn blocked(url: &str) -> bool {
        guard().check_url(&Url::parse(url).expect(url)).is_err()
    }

    #[test]
    fn an_address_outside_the_public_internet_is_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "127.0.1",
            "127.0.0.1.",
            "１２７.０.０.１",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "0",
            "0.0.0.0",
            "10.1.2.3",
            "0xa.1",
            "100.64.0.1",
            "169.254.169.254",
            "2852039166",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:10.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2002:808:808::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
            "[5f00::1]",
            "[4000::1]",
        ] {
            assert!(blocked(&format!("http://{host}/")), "{host}");
            assert!(blocked(&format!("https://user:secret@{host}:8443/x?y#z")), "{host}");
        }
    }

    #[test]
    fn a_public_address_and_a_name_pass() {
        for host in [
            "93.184.216.34",
            "8.8.8.8",
            "[2606:4700::1111]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::8.8.8.8]",
            "example.com",
        ] {
            assert!(!blocked(&format!("http://{host}/")), "{host}");
        }
    }

    #[test]
    fn only_web_schemes_and_ports_pass() {
        for url in [
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "data:text/html,x",
            "http://example.com:22/",
            "https://example.com:6379/",
        ] {
            assert!(blocked(url), "{url}");
        }
        for url in ["http://example.com:8080/", "https://example.com:8443/", "http://example.com:443/"] {
            assert!(!blocked(url), "{url}");
        }
    }

    #[test]
    fn the_permission_for_private_addresses_opens_addresses_and_ports_but_no_scheme() {
        let guard = AddressGuard::new(&ScannerSettings {
            allow_private_addresses: true,
            ..ScannerSettings::default()
        });
        assert!(guard.check_url(&Url::parse("http://127.0.0.1:3000/").unwrap()).is_ok());
        assert!(guard.check_url(&Url::parse("file:///etc/passwd").unwrap()).is_err());
    }

    #[test]
    fn an_override_permits_names_at_its_own_port_and_no_written_address() {
        let settings =
            ScannerSettings { connect_to: Some(([127, 0, 0, 1], 3000).into()), ..ScannerSettings::default() };
        let guard = AddressGuard::new(&settings);
        assert!(guard.check_url(&Url::parse("http://shop.test:3000/").unwrap()).is_ok());
        assert!(guard.check_url(&Url::parse("http://shop.test:8080/").unwrap()).is_err());
        assert!(guard.check_url(&Url::parse("http://127.0.0.1:3000/").unwrap()).is_err());
    }

    /// The standard library's own notion of what is not global, written independently of the tables above.
    fn is_certainly_private(v4: Ipv4Addr) -> bool {
        let [a, b, ..] = v4.octets();
        v4.is_private()
            || v4.is_loopback()
            || v4.is_link_local()
            || v4.is_multicast()
            || v4.is_broadcast()
            || v4.is_documentation()
            || v4.is_unspecified()
            || a == 0
            || a >= 240
            || (a == 100 && (64..128).contains(&b))
            || (a == 198 && (18..20).contains(&b))
    }

    fn private_v4() -> impl Strategy<Value = Ipv4Addr> {
        let networks = prop::sample::select(RESERVED_V4);
        (networks, any::<u32>()).prop_map(|((network, length), bits)| {
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            Ipv4Addr::from_bits(network.to_bits() | (bits & host))
        })
    }

    proptest! {
        #[test]
        fn no_private_address_passes_in_any_wrapping(v4 in private_v4()) {
            let [a, b, c, d] = v4.octets();
            let low = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let bits = v4.to_bits();
            for host in [
                v4.to_string(),
                bits.to_string(),
                format!("0x{bits:x}"),
                format!("0{bits:o}"),
                format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
                format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
                format!("{a}.{}", bits & 0x00ff_ffff),
                format!("{v4}."),
                format!("[::ffff:{v4}]"),
                format!("[64:ff9b::{v4}]"),
                format!("[2002:{:x}:{:x}::1]", low.0, low.1),
                format!("[::{v4}]"),
            ] {
                prop_assert!(blocked(&format!("http://{host}/")), "{}", host);
            }
        }

        #[test]
        fn whatever_the_standard_library_holds_for_private_is_refused(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            prop_assert!(!(is_certainly_private(v4) && is_public(v4.into())));
        }

        #[test]
        fn only_global_unicast_and_wrapped_public_addresses_pass_in_ipv6(bits in any::<u128>()) {
            let v6 = Ipv6Addr::from_bits(bits);
            let global = v6.segments()[0] >> 13 == 1;
            let wrapped = v6.to_ipv4_mapped().is_some() || v6.octets().starts_with(&[0, 0x64, 0xff, 0x9b]);
            prop_assert!(!is_public(v6.into()) || global || wrapped);
        }
    }
}
