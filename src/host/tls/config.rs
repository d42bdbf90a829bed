//! From the settings of a session to what rustls wants: certificates, keys and authorities read
//! from PEM, kept as long as their files do not change. Must never guess: what cannot be read, or
//! does not fit together, is told with its file.

use super::session::Role;
use super::verify::Trust;
use crate::host::files::{FileError, Files};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;

/// How many configurations are kept; a program has one or two.
const KEPT: usize = 16;

type Result<T> = std::result::Result<T, String>;

/// Where certificates or a key come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// From nowhere: the system's, or none.
    #[default]
    None,
    /// From a file.
    File(String),
    /// From this PEM.
    Pem(Vec<u8>),
}

impl Source {
    /// A path, or PEM, whichever it is.
    pub fn new(value: Vec<u8>) -> Source {
        if value.is_empty() {
            return Source::None;
        }
        let begin = b"-----BEGIN ";
        if value.windows(begin.len()).any(|part| part == begin) {
            return Source::Pem(value);
        }
        Source::File(String::from_utf8_lossy(&value).into_owned())
    }

    /// The path, if it is a file.
    pub fn path(&self) -> Option<String> {
        match self {
            Source::File(path) => Some(path.clone()),
            _ => None,
        }
    }

    fn bytes(&self, files: &Files) -> Result<Vec<u8>> {
        match self {
            Source::None => Ok(Vec::new()),
            Source::Pem(bytes) => Ok(bytes.clone()),
            Source::File(path) => files.read(Path::new(path)).map_err(|error| {
                if let FileError::Denied(denied) = error {
                    return denied.to_string();
                }
                let errno = error.errno();
                let text = crate::host::sys::error_text(errno);
                let name = crate::host::net::errno_name(errno);
                format!("cannot read {path}: {text} ({name})")
            }),
        }
    }

    /// How it is called in a message.
    fn name(&self) -> &str {
        match self {
            Source::File(path) => path,
            _ => "the PEM that was given",
        }
    }

    fn certificates(&self, files: &Files) -> Result<Vec<CertificateDer<'static>>> {
        let bytes = self.bytes(files)?;
        let list: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        match list {
            Ok(list) if list.is_empty() => Err(format!("no certificate in {}", self.name())),
            Ok(list) => Ok(list),
            Err(error) => Err(format!("a damaged certificate in {}: {error}", self.name())),
        }
    }

    fn key(&self, files: &Files) -> Result<PrivateKeyDer<'static>> {
        let bytes = self.bytes(files)?;
        PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
            let locked = b"ENCRYPTED";
            if bytes.windows(locked.len()).any(|part| part == locked) {
                return format!("the key in {} is locked with a pass phrase", self.name());
            }
            match error {
                rustls::pki_types::pem::Error::NoItemsFound => {
                    format!("no private key in {}", self.name())
                }
                other => format!("a damaged private key in {}: {other}", self.name()),
            }
        })
    }

    /// Changes when the file does.
    fn stamp(&self) -> Option<(std::time::SystemTime, u64)> {
        match self {
            Source::File(path) => {
                let data = std::fs::metadata(path).ok()?;
                Some((data.modified().ok()?, data.len()))
            }
            _ => None,
        }
    }
}

/// What a session was told before its handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Our certificates, our own first.
    pub certificate: Source,
    /// Our key.
    pub key: Source,
    /// The authorities to trust.
    pub trusted: Source,
    /// Whether the other end's certificate is verified.
    pub verify: bool,
    /// Whether a server demands a certificate.
    pub demand_certificate: bool,
    /// Application protocols, the preferred one first.
    pub protocols: Vec<Vec<u8>>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            certificate: Source::None,
            key: Source::None,
            trusted: Source::None,
            verify: true,
            demand_certificate: false,
            protocols: Vec::new(),
        }
    }
}

impl Settings {
    fn key_source(&self) -> &Source {
        match &self.key {
            Source::None => &self.certificate,
            other => other,
        }
    }
}

/// What a connection is made from.
#[derive(Clone)]
pub enum Made {
    /// For a client.
    Client(Arc<ClientConfig>),
    /// For a server.
    Server(Arc<ServerConfig>),
}

type Stamps = [Option<(std::time::SystemTime, u64)>; 3];

struct Kept {
    role: Role,
    settings: Settings,
    stamps: Stamps,
    made: Made,
}

/// The configurations of one interpreter. Sessions with the same settings share one, and with it
/// what makes a second handshake with the same server short.
#[derive(Default)]
pub struct Configs {
    provider: Option<Arc<CryptoProvider>>,
    system: Option<Trust>,
    kept: Vec<Kept>,
}

impl Configs {
    /// The configuration for a session.
    pub fn get(&mut self, role: Role, settings: &Settings, files: &Files) -> Result<Made> {
        let stamps = [&settings.certificate, &settings.key, &settings.trusted].map(Source::stamp);
        let same =
            |kept: &Kept| kept.role == role && kept.settings == *settings && kept.stamps == stamps;
        if let Some(kept) = self.kept.iter().find(|kept| same(kept)) {
            return Ok(kept.made.clone());
        }
        let made = match role {
            Role::Client => Made::Client(Arc::new(self.client(settings, files)?)),
            Role::Server => Made::Server(Arc::new(self.server(settings, files)?)),
        };
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Kept {
            role,
            settings: settings.clone(),
            stamps,
            made: made.clone(),
        });
        Ok(made)
    }

    fn provider(&mut self) -> Arc<CryptoProvider> {
        self.provider
            .get_or_insert_with(|| Arc::new(rustls::crypto::ring::default_provider()))
            .clone()
    }

    fn client(&mut self, settings: &Settings, files: &Files) -> Result<ClientConfig> {
        let provider = self.provider();
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(text)?
            .dangerous();
        let trust = if settings.verify {
            self.trust(settings, files)?
        } else {
            Trust::anybody(&provider)
        };
        let builder = builder.with_custom_certificate_verifier(Arc::new(trust));
        let mut config = if settings.certificate == Source::None {
            builder.with_no_client_auth()
        } else {
            let certificates = settings.certificate.certificates(files)?;
            let key = settings.key_source().key(files)?;
            builder
                .with_client_auth_cert(certificates, key)
                .map_err(|error| does_not_fit(settings, &error))?
        };
        config.alpn_protocols = settings.protocols.clone();
        Ok(config)
    }

    fn server(&mut self, settings: &Settings, files: &Files) -> Result<ServerConfig> {
        if settings.certificate == Source::None {
            return Err("a server needs a certificate and its key".to_string());
        }
        let provider = self.provider();
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(text)?;
        let builder = if settings.demand_certificate {
            if settings.trusted == Source::None {
                return Err("whose clients are to be trusted was not said".to_string());
            }
            let roots = Arc::new(roots(&settings.trusted, files)?.0);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(text)?;
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let certificates = settings.certificate.certificates(files)?;
        let key = settings.key_source().key(files)?;
        let mut config = builder
            .with_single_cert(certificates, key)
            .map_err(|error| does_not_fit(settings, &error))?;
        config.alpn_protocols = settings.protocols.clone();
        Ok(config)
    }

    /// Whom to believe.
    pub fn trust(&mut self, settings: &Settings, files: &Files) -> Result<Trust> {
        if settings.trusted == Source::None {
            return self.system_trust();
        }
        let (roots, certificates) = roots(&settings.trusted, files)?;
        Trust::new(roots, certificates, self.provider())
    }

    /// The system's authorities, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
    fn system_trust(&mut self) -> Result<Trust> {
        if self.system.is_none() {
            let found = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let why = found.errors.first().map(|error| format!(" ({error})"));
                return Err(format!(
                    "no certificate authorities are installed here{}; install ca-certificates, or set SSL_CERT_FILE",
                    why.unwrap_or_default()
                ));
            }
            self.system = Some(Trust::new(roots, Vec::new(), self.provider())?);
        }
        self.system.clone().ok_or_else(String::new)
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn does_not_fit(settings: &Settings, error: &rustls::Error) -> String {
    let (key, certificate) = (settings.key_source().name(), settings.certificate.name());
    match error {
        rustls::Error::InconsistentKeys(_) => {
            format!("the key in {key} does not belong to the certificate in {certificate}")
        }
        other => format!("the key in {key} cannot be used: {other}"),
    }
}

/// The authorities of a source, and its certificates themselves.
fn roots(source: &Source, files: &Files) -> Result<(RootCertStore, Vec<CertificateDer<'static>>)> {
    let certificates = source.certificates(files)?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots
            .add(certificate.clone())
            .map_err(|error| format!("a damaged certificate in {}: {error}", source.name()))?;
    }
    Ok((roots, certificates))
}
