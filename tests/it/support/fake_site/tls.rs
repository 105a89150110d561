//! Certificates for fake sites, made for each name when it is first asked for.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

/// A certificate authority that nobody trusts unless told to.
pub(super) struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
    issued: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl TestAuthority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Fake Site Authority");
        params.distinguished_name.push(DnType::OrganizationName, "Fake Sites");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("a file");
        Self { issuer, folder, issued: Mutex::default() }
    }

    /// The authority's certificate as a PEM file.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Accepts connections to any name and speaks this protocol in them. Names that begin with `wrong-name`, and
    /// `www.wrong-name.test`, get a certificate for another, and those with `expired` in them an old one.
    pub(super) fn acceptor(self: &Arc<Self>, protocol: &[u8]) -> TlsAcceptor {
        let resolver = Arc::new(Issuing(Arc::clone(self)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the versions of the provider")
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    fn certificate(&self, name: &str) -> Arc<CertifiedKey> {
        let mut issued = self.issued.lock().expect("no test panics while it holds the certificates");
        Arc::clone(issued.entry(name.to_owned()).or_insert_with(|| Arc::new(self.issue(name))))
    }

    fn issue(&self, name: &str) -> CertifiedKey {
        let is_wrong = name.starts_with("wrong-name") || name == "www.wrong-name.test";
        let until = if name.contains("expired") { 2020 } else { 2099 };
        let name = if is_wrong { "another.test" } else { name };
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_after = rcgen::date_time_ymd(until, 12, 31);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = ring::sign::any_supported_type(&private).expect("a key that can sign");
        CertifiedKey::new(vec![certificate.der().clone()], signing)
    }
}

/// Issues a certificate for each name that a client asks for.
struct Issuing(Arc<TestAuthority>);

impl std::fmt::Debug for Issuing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuing")
    }
}

impl ResolvesServerCert for Issuing {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.certificate(hello.server_name()?))
    }
}
