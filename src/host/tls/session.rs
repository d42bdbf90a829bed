//! One session: its settings, then its connection. Owns the buffers around rustls and keeps them
//! bounded. Must never hand out a byte that was not decrypted and verified.

use super::config::{Configs, Made, Settings, Source};
use super::{reason, verify};
use crate::host::capabilities::FileAccess;
use crate::host::files::Files;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConnection};
use std::collections::VecDeque;
use std::io::{Read, Write};

/// How much input may wait for room in the output, in bytes; more is refused.
pub const MAX_INCOMING: usize = 256 * 1024;

/// The largest record, and the most that encryption adds to one.
const RECORD: usize = 16 * 1024;
const OVERHEAD: usize = 32;

/// Why an operation was not done. The code is that of the module SqueakSSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The handle is stale, forged or of something else.
    BadHandle,
    /// Not before the handshake, or not after it.
    InvalidState,
    /// The output has too little room for all there is; nothing is lost.
    TooSmall,
    /// Too much input waits for room in the output.
    TooLarge,
    /// The session failed for good; `Text::Reason` says why.
    Failed,
}

impl Refusal {
    /// The number that Smalltalk sees.
    pub fn code(self) -> i64 {
        match self {
            Refusal::BadHandle | Refusal::InvalidState => -2,
            Refusal::TooSmall => -3,
            Refusal::TooLarge => -4,
            Refusal::Failed => -5,
        }
    }
}

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It connects.
    Client,
    /// It accepts.
    Server,
}

/// Properties that are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Int {
    /// Of the interface: 3, which has server names.
    Version,
    /// Kept, and without effect.
    LogLevel,
    /// 0 unused, 1 accepting, 2 connecting, 3 connected.
    State,
    /// What is wrong with the other end's certificate: 0 nothing, -1 there is none, or a sum of 1
    /// other, 2 authority unknown, 4 out of its time, 8 for another use, 16 other name, 32 revoked.
    CertificateState,
    /// Whether the other end's certificate is verified: 1, unless somebody says 0.
    Verify,
    /// Whether a server demands a certificate of its client: 0, or 1.
    DemandCertificate,
    /// Whether the other end said that nothing more will come (close_notify).
    Finished,
    /// How many bytes are to be sent to the other end.
    Outgoing,
    /// Whether `take_plain` has something to give, or a failure to tell, without more input.
    Pending,
}

impl Int {
    /// The property of a number.
    pub fn from_number(number: i64) -> Option<Int> {
        Some(match number {
            0 => Int::Version,
            1 => Int::LogLevel,
            2 => Int::State,
            3 => Int::CertificateState,
            100 => Int::Verify,
            101 => Int::DemandCertificate,
            102 => Int::Finished,
            103 => Int::Outgoing,
            104 => Int::Pending,
            _ => return None,
        })
    }
}

/// Properties that are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Of the other end, from its certificate.
    PeerName,
    /// The file of our certificates, or PEM.
    Certificate,
    /// Of the server that a client wants: sent to it, and looked for in its certificate.
    ServerName,
    /// Why the session failed.
    Reason,
    /// The file of our key, or PEM; else it is looked for beside the certificate.
    Key,
    /// The file of the authorities to trust, or PEM, instead of the system's.
    Trusted,
    /// Names of application protocols (ALPN) that we offer, between commas; then the agreed one.
    Protocols,
    /// Of the protocol: TLSv1.2, TLSv1.3.
    ProtocolVersion,
    /// The agreed cipher suite.
    CipherSuite,
}

impl Text {
    /// The property of a number.
    pub fn from_number(number: i64) -> Option<Text> {
        Some(match number {
            0 => Text::PeerName,
            1 => Text::Certificate,
            2 => Text::ServerName,
            100 => Text::Reason,
            101 => Text::Key,
            102 => Text::Trusted,
            103 => Text::Protocols,
            104 => Text::ProtocolVersion,
            105 => Text::CipherSuite,
            _ => return None,
        })
    }
}

/// One session.
#[derive(Default)]
pub struct Session {
    settings: Settings,
    server_name: String,
    log_level: i64,
    role: Option<Role>,
    connection: Option<Connection>,
    /// Came from the other end and waits until its plain text has room.
    incoming: VecDeque<u8>,
    /// Is to be sent to the other end.
    outgoing: VecDeque<u8>,
    finished: bool,
    failure: Option<Failure>,
}

struct Failure {
    reason: String,
    certificate: i64,
}

type Result<T> = std::result::Result<T, Refusal>;

impl Session {
    /// Begins or continues the handshake.
    /// Whether there is a connection with buffers and keys.
    pub fn has_begun(&self) -> bool {
        self.connection.is_some()
    }

    pub fn handshake(
        &mut self,
        role: Role,
        input: &[u8],
        configs: &mut Configs,
        files: &FileAccess,
    ) -> Result<()> {
        if self.role.is_some_and(|begun| begun != role) {
            return Err(Refusal::InvalidState);
        }
        if self.failure.is_some() {
            return Err(Refusal::Failed);
        }
        if self.connection.is_none() {
            self.role = Some(role);
            match self.begin(role, configs, files) {
                Ok(connection) => self.connection = Some(connection),
                Err(reason) => return Err(self.fail(reason, -1)),
            }
            self.collect();
        }
        match self.feed(input) {
            // What came behind the handshake is told when it is read.
            Err(Refusal::Failed) if self.state() == 3 => Ok(()),
            other => other,
        }
    }

    fn begin(
        &self,
        role: Role,
        configs: &mut Configs,
        files: &FileAccess,
    ) -> std::result::Result<Connection, String> {
        let made = configs.get(role, &self.settings, &Files::new(files))?;
        let mut connection = match made {
            Made::Client(config) => {
                let name = self.wanted_name()?;
                ClientConnection::new(config, name).map(Connection::Client)
            }
            Made::Server(config) => ServerConnection::new(config).map(Connection::Server),
        }
        .map_err(|error| reason::of(&error, true))?;
        // `encrypt` takes no more than the caller has room for.
        connection.set_buffer_limit(None);
        Ok(connection)
    }

    /// The name to look for in the certificate. Who does not verify needs none.
    fn wanted_name(&self) -> std::result::Result<ServerName<'static>, String> {
        if self.server_name.is_empty() && !self.settings.verify {
            return Ok(ServerName::from(std::net::IpAddr::from([0, 0, 0, 0])));
        }
        let bare = self.server_name.trim_start_matches('[');
        let bare = bare.trim_end_matches(']').trim_end_matches('.');
        ServerName::try_from(bare.to_string()).map_err(|_| match self.server_name.as_str() {
            "" => "no server name was given, so that no certificate could be verified".to_string(),
            other => format!("'{other}' is not the name of a host"),
        })
    }

    fn fail(&mut self, reason: String, certificate: i64) -> Refusal {
        self.failure = Some(Failure {
            reason,
            certificate,
        });
        Refusal::Failed
    }

    /// Takes input in, as far as the plain text in it has room; the rest waits.
    fn feed(&mut self, input: &[u8]) -> Result<()> {
        if self.incoming.len() + input.len() > MAX_INCOMING {
            return Err(Refusal::TooLarge);
        }
        let result = if self.incoming.is_empty() {
            let mut rest = input;
            let result = self.process(|connection| step(connection, &mut rest));
            self.incoming.extend(rest);
            result
        } else {
            let mut waiting = std::mem::take(&mut self.incoming);
            waiting.extend(input);
            let result = self.process(|connection| step(connection, &mut waiting));
            self.incoming = waiting;
            result
        };
        if self.incoming.is_empty() && self.incoming.capacity() > RECORD {
            self.incoming = VecDeque::new();
        }
        self.collect();
        result
    }

    /// Repeats a step until it says that nothing more can be done now.
    fn process(
        &mut self,
        mut step: impl FnMut(&mut Connection) -> std::result::Result<Step, rustls::Error>,
    ) -> Result<()> {
        let connection = self.connection.as_mut().ok_or(Refusal::InvalidState)?;
        loop {
            match step(connection) {
                Ok(Step::Again) => {}
                Ok(Step::Enough) => return Ok(()),
                Ok(Step::Finished) => {
                    self.finished = true;
                    return Ok(());
                }
                Err(error) => {
                    let handshaking = connection.is_handshaking();
                    let text = reason::of(&error, handshaking);
                    return Err(self.fail(text, verify::flags_of(&error)));
                }
            }
        }
    }

    /// Moves what rustls wants to send to where its length is known.
    fn collect(&mut self) {
        if let Some(connection) = &mut self.connection {
            while connection.wants_write() {
                // Writing to memory does not fail.
                if connection.write_tls(&mut self.outgoing).is_err() {
                    return;
                }
            }
        }
    }

    /// How many bytes are to be sent.
    pub fn outgoing(&self) -> usize {
        self.outgoing.len()
    }

    /// Moves what is to be sent.
    pub fn take_outgoing(&mut self, output: &mut [u8]) -> usize {
        let count = self.outgoing.read(output).unwrap_or(0);
        if self.outgoing.is_empty() && self.outgoing.capacity() > 2 * RECORD {
            self.outgoing = VecDeque::new();
        }
        count
    }

    /// Encrypts all of the data.
    pub fn encrypt(&mut self, data: &[u8], room: usize) -> Result<()> {
        if self.failure.is_some() {
            return Err(Refusal::Failed);
        }
        if self.state() != 3 {
            return Err(Refusal::InvalidState);
        }
        let needed = self.outgoing.len() + data.len() + (data.len() / RECORD + 2) * OVERHEAD;
        // Without data it is a mere look at what is to be sent.
        if needed > room && !(data.is_empty() && self.outgoing.len() <= room) {
            return Err(Refusal::TooSmall);
        }
        let connection = self.connection.as_mut().ok_or(Refusal::InvalidState)?;
        let result = connection.writer().write_all(data);
        self.collect();
        result.map_err(|error| self.fail(error.to_string(), 0))
    }

    /// Takes in what came from the other end.
    pub fn decrypt(&mut self, input: &[u8]) -> Result<()> {
        if self.state() != 3 {
            return Err(match self.failure {
                Some(_) => Refusal::Failed,
                None => Refusal::InvalidState,
            });
        }
        // A failure is told by `take_plain`, behind what was good.
        if self.failure.is_some() {
            return Ok(());
        }
        match self.feed(input) {
            Err(Refusal::Failed) => Ok(()),
            other => other,
        }
    }

    /// Moves decrypted data.
    pub fn take_plain(&mut self, output: &mut [u8]) -> Result<usize> {
        let mut taken = 0;
        loop {
            let connection = self.connection.as_mut().ok_or(Refusal::InvalidState)?;
            // Neither a pause nor the end is an error here.
            let count = connection.reader().read(&mut output[taken..]).unwrap_or(0);
            taken += count;
            if taken == output.len() || self.incoming.is_empty() || self.failure.is_some() {
                break;
            }
            let before = self.incoming.len();
            let _told_below = self.feed(&[]);
            if count == 0 && self.incoming.len() == before {
                break;
            }
        }
        match self.failure {
            Some(_) if taken == 0 && !output.is_empty() => Err(Refusal::Failed),
            _ => Ok(taken),
        }
    }

    /// Tells the other end that nothing more will come.
    pub fn finish(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.send_close_notify();
        }
        self.collect();
    }

    fn state(&self) -> i64 {
        match (self.role, &self.connection) {
            (Some(_), Some(connection)) if !connection.is_handshaking() => 3,
            (Some(Role::Server), _) => 1,
            (Some(Role::Client), _) => 2,
            (None, _) => 0,
        }
    }

    /// A property.
    pub fn int(&mut self, property: Int, configs: &mut Configs, files: &FileAccess) -> i64 {
        match property {
            Int::Version => 3,
            Int::LogLevel => self.log_level,
            Int::State => self.state(),
            Int::CertificateState => self.certificate_state(configs, files),
            Int::Verify => self.settings.verify.into(),
            Int::DemandCertificate => self.settings.demand_certificate.into(),
            Int::Finished => self.finished.into(),
            Int::Outgoing => self.outgoing.len() as i64,
            Int::Pending => self.is_pending().into(),
        }
    }

    fn is_pending(&mut self) -> bool {
        let Some(connection) = &mut self.connection else {
            return false;
        };
        if self.failure.is_some() || !self.incoming.is_empty() {
            return true;
        }
        let first = connection.reader().into_first_chunk();
        first.is_ok_and(|chunk| !chunk.is_empty())
    }

    fn certificate_state(&self, configs: &mut Configs, files: &FileAccess) -> i64 {
        if let Some(failure) = &self.failure {
            return failure.certificate;
        }
        let certificates = self.connection.as_ref().and_then(|c| c.peer_certificates());
        let Some(certificates) = certificates.filter(|list| !list.is_empty()) else {
            return -1;
        };
        // Else it would not have come so far.
        if self.settings.verify {
            return 0;
        }
        match (self.role, self.wanted_name()) {
            (Some(Role::Client), Ok(name)) => configs
                .trust(&self.settings, &Files::new(files))
                .map_or(1, |trust| trust.flags(certificates, &name)),
            _ => 1,
        }
    }

    /// Sets a property; settings only before the handshake.
    pub fn set_int(&mut self, property: Int, value: i64) -> Result<()> {
        match property {
            Int::LogLevel => self.log_level = value,
            Int::Verify if self.role.is_none() => self.settings.verify = value != 0,
            Int::DemandCertificate if self.role.is_none() => {
                self.settings.demand_certificate = value != 0
            }
            _ => return Err(Refusal::InvalidState),
        }
        Ok(())
    }

    /// A property.
    pub fn text(&self, property: Text) -> Option<String> {
        let connection = self.connection.as_ref();
        match property {
            Text::PeerName => self.peer_name(),
            Text::Certificate => self.settings.certificate.path(),
            Text::Key => self.settings.key.path(),
            Text::Trusted => self.settings.trusted.path(),
            Text::ServerName => match connection {
                // What the client asked for.
                Some(Connection::Server(server)) => server.server_name().map(str::to_string),
                _ => (!self.server_name.is_empty()).then(|| self.server_name.clone()),
            },
            Text::Reason => self.failure.as_ref().map(|failure| failure.reason.clone()),
            Text::Protocols => {
                let agreed = connection?.alpn_protocol()?;
                Some(String::from_utf8_lossy(agreed).into_owned())
            }
            Text::ProtocolVersion => {
                let version = connection?.protocol_version()?;
                version.as_str().map(|name| name.replace('_', "."))
            }
            Text::CipherSuite => {
                let suite = connection?.negotiated_cipher_suite()?;
                suite.suite().as_str().map(str::to_string)
            }
        }
    }

    fn peer_name(&self) -> Option<String> {
        let certificate = self.connection.as_ref()?.peer_certificates()?.first()?;
        Some(verify::name_in(certificate, &self.server_name))
    }

    /// Sets a property; settings only before the handshake.
    pub fn set_text(&mut self, property: Text, value: Vec<u8>) -> Result<()> {
        if self.role.is_some() {
            return Err(Refusal::InvalidState);
        }
        match property {
            Text::Certificate => self.settings.certificate = Source::new(value),
            Text::Key => self.settings.key = Source::new(value),
            Text::Trusted => self.settings.trusted = Source::new(value),
            Text::ServerName => self.server_name = String::from_utf8_lossy(&value).into_owned(),
            Text::Protocols => {
                let names = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                self.settings.protocols = names
                    .filter(|name| !name.is_empty() && name.len() < 256)
                    .map(<[u8]>::to_vec)
                    .collect();
            }
            Text::PeerName | Text::Reason | Text::ProtocolVersion | Text::CipherSuite => {
                return Err(Refusal::InvalidState);
            }
        }
        Ok(())
    }
}

enum Step {
    /// There may be more to do.
    Again,
    /// All is taken, or there is no room.
    Enough,
    /// The other end said that nothing more will come.
    Finished,
}

/// Gives rustls one piece of the input and lets it look.
fn step(
    connection: &mut Connection,
    input: &mut impl Pieces,
) -> std::result::Result<Step, rustls::Error> {
    if input.is_over() {
        return Ok(Step::Enough);
    }
    let taken = match connection.read_tls(input) {
        Ok(taken) => taken,
        // Plain text has to be taken out first.
        Err(error) if error.kind() == std::io::ErrorKind::Other => return Ok(Step::Enough),
        Err(error) => return Err(rustls::Error::General(error.to_string())),
    };
    let state = connection.process_new_packets()?;
    if state.peer_has_closed() {
        input.drop_rest();
        return Ok(Step::Finished);
    }
    if taken == 0 {
        return Err(rustls::Error::PeerSentOversizedRecord);
    }
    Ok(Step::Again)
}

/// Input, wherever it is.
trait Pieces: Read {
    fn is_over(&self) -> bool;
    fn drop_rest(&mut self);
}

impl Pieces for &[u8] {
    fn is_over(&self) -> bool {
        self.is_empty()
    }

    fn drop_rest(&mut self) {
        *self = &[];
    }
}

impl Pieces for VecDeque<u8> {
    fn is_over(&self) -> bool {
        self.is_empty()
    }

    fn drop_rest(&mut self) {
        self.clear();
    }
}
