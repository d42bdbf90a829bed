//! Whom to believe: the check of a server's certificate, what is wrong with one, and whose it is.
//! Must never accept for want of an answer.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

const OTHER: i64 = 1;
const UNKNOWN_AUTHORITY: i64 = 2;
const OUT_OF_TIME: i64 = 4;
const WRONG_USE: i64 = 8;
const OTHER_NAME: i64 = 16;
const REVOKED: i64 = 32;

/// Whom a client believes.
#[derive(Clone, Debug)]
pub struct Trust {
    whom: Whom,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Clone, Debug)]
enum Whom {
    /// Whom an authority signed for, and certificates that it was told of.
    Proven {
        authorities: Arc<WebPkiServerVerifier>,
        known: Arc<Vec<CertificateDer<'static>>>,
    },
    /// Only for those who say so themselves.
    Anybody,
}

impl Trust {
    /// Trusts these authorities, and servers that show one of these certificates.
    pub fn new(
        roots: RootCertStore,
        known: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Trust, String> {
        let algorithms = provider.signature_verification_algorithms;
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| error.to_string())?;
        let known = Arc::new(known);
        Ok(Trust {
            whom: Whom::Proven { authorities, known },
            algorithms,
        })
    }

    /// Trusts everybody, but that they have the key of what they show.
    pub fn anybody(provider: &CryptoProvider) -> Trust {
        Trust {
            whom: Whom::Anybody,
            algorithms: provider.signature_verification_algorithms,
        }
    }

    /// What is wrong with a server's certificates.
    pub fn flags(&self, certificates: &[CertificateDer<'_>], name: &ServerName<'_>) -> i64 {
        let Some((own, others)) = certificates.split_first() else {
            return -1;
        };
        match self.verify_server_cert(own, others, name, &[], UnixTime::now()) {
            Ok(_) => 0,
            Err(error) => {
                let named = ParsedCertificate::try_from(own)
                    .and_then(|parsed| verify_server_name(&parsed, name));
                flags_of(&error) | named.map_or(OTHER_NAME, |()| 0)
            }
        }
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Whom::Proven { authorities, known } = &self.whom else {
            return Ok(ServerCertVerified::assertion());
        };
        match authorities.verify_server_cert(own, others, name, ocsp, now) {
            // The one that we were told to trust. That it signed itself, or that nobody else did
            // whom we know, is no objection; these two are the last that are looked for, so that
            // its time is good. Its name is not looked at before.
            Err(Error::InvalidCertificate(error))
                if known.contains(own) && is_about_signer(&error) =>
            {
                verify_server_name(&ParsedCertificate::try_from(own)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn is_about_signer(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => {
            other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
        }
        _ => false,
    }
}

/// The state of a certificate that was refused so; 0 when something else was wrong.
pub fn flags_of(error: &Error) -> i64 {
    use CertificateError as E;
    match error {
        Error::NoCertificatesPresented => -1,
        Error::InvalidCertificate(error) => match error {
            E::UnknownIssuer | E::BadSignature => UNKNOWN_AUTHORITY,
            E::Expired
            | E::ExpiredContext { .. }
            | E::NotValidYet
            | E::NotValidYetContext { .. } => OUT_OF_TIME,
            E::InvalidPurpose | E::InvalidPurposeContext { .. } => WRONG_USE,
            E::NotValidForName | E::NotValidForNameContext { .. } => OTHER_NAME,
            E::Revoked => REVOKED,
            other if is_about_signer(other) => UNKNOWN_AUTHORITY,
            _ => OTHER,
        },
        _ => 0,
    }
}

/// Whose certificate it is: the wanted name if it is for that, else its first name, or nothing.
pub fn name_in(certificate: &CertificateDer<'_>, wanted: &str) -> String {
    let name = ServerName::try_from(wanted).ok();
    let parsed = ParsedCertificate::try_from(certificate).ok();
    if let (Some(name), Some(parsed)) = (name, parsed)
        && verify_server_name(&parsed, &name).is_ok()
    {
        return wanted.to_string();
    }
    let Ok(parsed) = webpki::EndEntityCert::try_from(certificate) else {
        return String::new();
    };
    parsed.valid_dns_names().next().unwrap_or("").to_string()
}
