//! TLS to PostgreSQL, with the machine's certificate authorities and those that a profile names.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Check of a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateCheck {
    /// It is of a known authority, and for the server's name.
    Full,
    /// It is of a known authority.
    Authority,
    /// None.
    None,
}

/// Returns a connector that uses TLS where the server or its address requires it.
///
/// # Errors
/// A message, if the file of authorities can't be read.
pub fn connector(ca: Option<&Path>, check: CertificateCheck) -> Result<MakeRustlsConnect, String> {
    let roots = roots(ca)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = match check {
        CertificateCheck::Full => config.with_root_certificates(roots),
        CertificateCheck::Authority => weaker(config, provider, Some(roots)),
        CertificateCheck::None => weaker(config, provider, None),
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

type Builder<State> = rustls::ConfigBuilder<ClientConfig, State>;

fn weaker(
    config: Builder<rustls::WantsVerifier>,
    provider: Arc<CryptoProvider>,
    roots: Option<RootCertStore>,
) -> Builder<rustls::client::WantsClientCert> {
    config.dangerous().with_custom_certificate_verifier(Arc::new(Weaker { provider, roots }))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca {
        let unreadable = |reason: String| format!("the authorities in `{}` can't be read: {reason}", file.display());
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))? {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
        }
    }
    Ok(roots)
}

/// A check that does not look at the server's name, as libpq's `verify-ca`, nor without authorities at the certificate, as its
/// `require`. That the server has the certificate's key is checked all the same.
#[derive(Debug)]
struct Weaker {
    provider: Arc<CryptoProvider>,
    roots: Option<RootCertStore>,
}

impl ServerCertVerifier for Weaker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
