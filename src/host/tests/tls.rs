//! TLS from buffer to buffer: both ends here, and nothing but damage between them.

use crate::host::capabilities::FileAccess;
use crate::host::net::Handle;
use crate::host::tls::{Int, MAX_INCOMING, Refusal, Role, Text, Tls};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/");

fn file(name: &str) -> Vec<u8> {
    format!("{FOLDER}{name}.pem").into_bytes()
}

/// A client and a server, and what is under way to each.
struct Ends {
    tls: Tls,
    client: Handle,
    server: Handle,
}

impl Ends {
    fn new(certificate: &str) -> Ends {
        let mut tls = Tls::new();
        let (client, server) = (tls.create(), tls.create());
        let mut ends = Ends {
            tls,
            client,
            server,
        };
        ends.set(client, Text::ServerName, b"localhost".to_vec());
        ends.set(client, Text::Trusted, file("authority"));
        ends.set(server, Text::Certificate, file(certificate));
        ends
    }

    fn set(&mut self, end: Handle, property: Text, value: Vec<u8>) {
        self.tls.set_text(end, property, value).expect("a setting");
    }

    fn set_int(&mut self, end: Handle, property: Int, value: i64) {
        self.tls.set_int(end, property, value).expect("a setting");
    }

    fn int(&mut self, end: Handle, property: Int) -> i64 {
        self.tls
            .int(end, property, &FileAccess::all())
            .expect("a property")
    }

    fn text(&mut self, end: Handle, property: Text) -> String {
        let text = self.tls.text(end, property).expect("a session");
        text.unwrap_or_else(|| "none".to_string())
    }

    fn take(&mut self, end: Handle) -> Vec<u8> {
        let mut bytes = vec![0; self.tls.outgoing(end).expect("a session")];
        let count = self
            .tls
            .take_outgoing(end, &mut bytes)
            .expect("what is sent");
        assert_eq!(count, bytes.len());
        bytes
    }

    fn hand(&mut self, end: Handle, input: &[u8]) -> Result<(), Refusal> {
        let role = if end == self.client {
            Role::Client
        } else {
            Role::Server
        };
        if self.int(end, Int::State) == 3 {
            return self.tls.decrypt(end, input);
        }
        self.tls.handshake(end, role, input, &FileAccess::all())
    }

    /// Carries everything to and fro, in pieces of at most `piece` bytes, until nothing moves.
    fn carry(&mut self, piece: usize) -> Result<(), Refusal> {
        if self.int(self.client, Int::State) == 0 {
            self.hand(self.client, &[])?;
            self.hand(self.server, &[])?;
        }
        loop {
            let (up, down) = (self.take(self.client), self.take(self.server));
            if up.is_empty() && down.is_empty() {
                return Ok(());
            }
            for (end, bytes) in [(self.server, up), (self.client, down)] {
                for part in bytes.chunks(piece) {
                    self.hand(end, part)?;
                }
            }
        }
    }

    fn plain(&mut self, end: Handle, room: usize) -> Result<Vec<u8>, Refusal> {
        let mut bytes = vec![0; room];
        let count = self.tls.take_plain(end, &mut bytes)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn both_connected(&mut self) -> bool {
        self.int(self.client, Int::State) == 3 && self.int(self.server, Int::State) == 3
    }
}

/// Why a client did not accept a server, and the state of the certificate.
fn refused(mut ends: Ends) -> (String, i64) {
    assert_eq!(ends.carry(usize::MAX), Err(Refusal::Failed));
    let client = ends.client;
    assert_ne!(ends.int(client, Int::State), 3);
    (
        ends.text(client, Text::Reason),
        ends.int(client, Int::CertificateState),
    )
}

#[test]
fn a_connection_in_pieces_of_any_size() {
    for piece in [1, 7, 1000, usize::MAX] {
        let mut ends = Ends::new("localhost");
        let (client, server) = (ends.client, ends.server);
        ends.carry(piece).expect("a handshake");
        assert!(ends.both_connected());
        assert_eq!(ends.int(client, Int::CertificateState), 0);
        assert_eq!(ends.int(server, Int::CertificateState), -1);
        assert_eq!(ends.text(client, Text::PeerName), "localhost");
        assert_eq!(ends.text(server, Text::ServerName), "localhost");
        assert_eq!(ends.text(client, Text::ProtocolVersion), "TLSv1.3");
        assert_eq!(
            ends.text(client, Text::CipherSuite),
            "TLS13_AES_256_GCM_SHA384"
        );
        for (from, to, text) in [(client, server, "question"), (server, client, "answer")] {
            ends.tls
                .encrypt(from, text.as_bytes(), 1000)
                .expect("room enough");
            ends.carry(piece).expect("a way");
            assert_eq!(ends.plain(to, 100), Ok(text.as_bytes().to_vec()));
        }
        ends.tls.finish(client).expect("an end");
        ends.carry(piece).expect("a way");
        assert_eq!(ends.int(server, Int::Finished), 1);
        assert_eq!(ends.plain(server, 100), Ok(Vec::new()));
        // The other direction is still open.
        ends.tls.encrypt(server, b"late", 1000).expect("room");
        ends.carry(piece).expect("a way");
        assert_eq!(ends.plain(client, 100), Ok(b"late".to_vec()));
        assert_eq!(ends.int(client, Int::Finished), 0);
    }
}

#[test]
fn much_data_through_little_room() {
    let mut ends = Ends::new("localhost");
    let (client, server) = (ends.client, ends.server);
    ends.carry(usize::MAX).expect("a handshake");
    let data: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    // Too little room: nothing is done.
    assert_eq!(
        ends.tls.encrypt(client, &data, 200_000),
        Err(Refusal::TooSmall)
    );
    assert_eq!(ends.int(client, Int::Outgoing), 0);
    ends.tls.encrypt(client, &data, 210_000).expect("room");
    let sealed = ends.take(client);
    ends.tls.decrypt(server, &sealed).expect("it waits");
    let more = vec![0; MAX_INCOMING];
    assert_eq!(ends.tls.decrypt(server, &more), Err(Refusal::TooLarge));
    let mut got = Vec::new();
    while got.len() < data.len() {
        let part = ends.plain(server, 1_234).expect("a part");
        assert!(!part.is_empty());
        got.extend(part);
    }
    assert!(got == data);
    assert_eq!(ends.plain(server, 10), Ok(Vec::new()));
}

#[test]
fn whoever_is_not_to_be_believed_is_refused_with_the_reason() {
    let mut ends = Ends::new("localhost");
    ends.set(ends.client, Text::ServerName, b"example.com".to_vec());
    assert_eq!(
        refused(ends),
        (
            "the certificate is for localhost, 127.0.0.1, ::1, not for example.com".to_string(),
            16
        )
    );
    assert_eq!(
        refused(Ends::new("expired")),
        ("the certificate expired on 2001-01-01".to_string(), 4)
    );
    let mut ends = Ends::new("localhost");
    ends.set(ends.client, Text::Trusted, file("other"));
    assert_eq!(
        refused(ends),
        (
            "the certificate is signed by an authority that is not trusted here".to_string(),
            2
        )
    );
    assert_eq!(
        refused(Ends::new("self")),
        (
            "the certificate is self-signed, and not one that is trusted here".to_string(),
            2
        )
    );
    assert_eq!(
        refused(Ends::new("client")),
        (
            "the certificate cannot be accepted: certificate does not allow extended key usage for server authentication, allows client authentication".to_string(),
            8
        )
    );
}

#[test]
fn a_certificate_that_signed_itself_can_be_trusted_by_name() {
    let mut ends = Ends::new("self");
    ends.set(ends.client, Text::Trusted, file("self"));
    ends.carry(usize::MAX).expect("a handshake");
    assert!(ends.both_connected());
    // Also one that somebody signed whom we do not know.
    let mut ends = Ends::new("localhost");
    ends.set(ends.client, Text::Trusted, file("localhost"));
    ends.carry(usize::MAX).expect("a handshake");
    // But for no other name.
    let mut ends = Ends::new("self");
    ends.set(ends.client, Text::Trusted, file("self"));
    ends.set(ends.client, Text::ServerName, b"127.0.0.1".to_vec());
    assert_eq!(
        refused(ends),
        (
            "the certificate is for localhost, not for 127.0.0.1".to_string(),
            16
        )
    );
    // And not when its time is over.
    let mut ends = Ends::new("expired");
    ends.set(ends.client, Text::Trusted, file("expired"));
    assert_eq!(refused(ends).1, 4);
}

#[test]
fn without_verification_the_state_still_tells() {
    for (certificate, name, state) in [
        ("localhost", "localhost", 0),
        ("localhost", "example.com", 16),
        ("expired", "localhost", 4),
        ("self", "localhost", 2),
        ("self", "example.com", 18),
    ] {
        let mut ends = Ends::new(certificate);
        let client = ends.client;
        ends.set(client, Text::ServerName, name.as_bytes().to_vec());
        ends.set_int(client, Int::Verify, 0);
        ends.carry(usize::MAX).expect("a handshake");
        assert_eq!(ends.int(client, Int::CertificateState), state);
    }
    // Not even a name is needed then.
    let mut ends = Ends::new("other");
    let client = ends.client;
    ends.set(client, Text::ServerName, Vec::new());
    ends.set_int(client, Int::Verify, 0);
    ends.carry(usize::MAX).expect("a handshake");
    assert_eq!(ends.text(client, Text::PeerName), "other.example");
}

#[test]
fn a_server_may_demand_a_certificate() {
    let make = |shown: Option<&str>| {
        let mut ends = Ends::new("localhost");
        let (client, server) = (ends.client, ends.server);
        ends.set_int(server, Int::DemandCertificate, 1);
        ends.set(server, Text::Trusted, file("authority"));
        if let Some(name) = shown {
            ends.set(client, Text::Certificate, file(name));
        }
        let result = ends.carry(usize::MAX);
        (ends, result)
    };
    let (mut ends, result) = make(Some("client"));
    let server = ends.server;
    assert_eq!(result, Ok(()));
    assert_eq!(ends.text(server, Text::PeerName), "client.example");
    assert_eq!(ends.int(server, Int::CertificateState), 0);
    for (shown, reason) in [
        (None, "the other end showed no certificate"),
        (
            Some("self"),
            "the certificate is self-signed, and not one that is trusted here",
        ),
    ] {
        let (mut ends, result) = make(shown);
        let (client, server) = (ends.client, ends.server);
        assert_eq!(result, Err(Refusal::Failed));
        assert_eq!(ends.text(server, Text::Reason), reason);
        // The client took itself for connected; it hears of it now.
        let alert = ends.take(server);
        ends.tls.decrypt(client, &alert).expect("it is taken in");
        assert_eq!(ends.plain(client, 10), Err(Refusal::Failed));
        let heard = ends.text(client, Text::Reason);
        assert!(heard.starts_with("the other end refused: "), "{heard}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_file() {
    let pem = |name: &str| std::fs::read(format!("{FOLDER}{name}.pem")).expect("a file");
    let mut cases: Vec<(Vec<u8>, Vec<u8>, String)> = vec![
        (
            Vec::new(),
            Vec::new(),
            "a server needs a certificate and its key".to_string(),
        ),
        (
            b"/no/such.pem".to_vec(),
            Vec::new(),
            "cannot read /no/such.pem: No such file or directory (ENOENT)".to_string(),
        ),
        (
            file("authority"),
            Vec::new(),
            format!("no private key in {FOLDER}authority.pem"),
        ),
        (
            file("localhost"),
            file("other"),
            format!(
                "the key in {FOLDER}other.pem does not belong to the certificate in {FOLDER}localhost.pem"
            ),
        ),
        (
            format!("{FOLDER}make").into_bytes(),
            file("other"),
            format!("no certificate in {FOLDER}make"),
        ),
    ];
    let locked =
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    cases.push((
        pem("localhost"),
        locked.to_vec(),
        "the key in the PEM that was given is locked with a pass phrase".to_string(),
    ));
    for (certificate, key, reason) in cases {
        let mut ends = Ends::new("localhost");
        let server = ends.server;
        ends.set(server, Text::Certificate, certificate);
        ends.set(server, Text::Key, key);
        assert_eq!(ends.hand(server, &[]), Err(Refusal::Failed));
        assert_eq!(ends.text(server, Text::Reason), reason);
    }
    // PEM itself will do as well.
    let mut ends = Ends::new("localhost");
    ends.set(ends.server, Text::Certificate, pem("localhost"));
    ends.set(ends.client, Text::Trusted, pem("authority"));
    ends.carry(usize::MAX).expect("a handshake");
    // Files need the permission.
    let mut tls = Tls::new();
    let server = tls.create();
    tls.set_text(server, Text::Certificate, file("localhost"))
        .expect("a setting");
    let result = tls.handshake(server, Role::Server, &[], &FileAccess::none());
    assert_eq!(result, Err(Refusal::Failed));
    let reason = tls
        .text(server, Text::Reason)
        .expect("a session")
        .expect("a reason");
    assert!(reason.starts_with("no permission to read "), "{reason}");
    // A name that is none.
    for (name, text) in [
        (
            "",
            "no server name was given, so that no certificate could be verified",
        ),
        ("a b", "'a b' is not the name of a host"),
    ] {
        let mut ends = Ends::new("localhost");
        let client = ends.client;
        ends.set(client, Text::ServerName, name.as_bytes().to_vec());
        assert_eq!(ends.hand(client, &[]), Err(Refusal::Failed));
        assert_eq!(ends.text(client, Text::Reason), text);
    }
}

#[test]
fn a_changed_file_is_read_again() {
    let path = std::env::temp_dir().join(format!("chirp-renewed-{}.pem", std::process::id()));
    let mut tls = None;
    for (name, state) in [("localhost", 0), ("other", 16)] {
        let original = format!("{FOLDER}{name}.pem");
        std::fs::copy(original, &path).expect("a copy");
        let mut ends = Ends::new("localhost");
        // The same interpreter: what it keeps is what is to be tested.
        if let Some(old) = tls.take() {
            ends.tls = old;
            (ends.client, ends.server) = (ends.tls.create(), ends.tls.create());
            let client = ends.client;
            ends.set(client, Text::ServerName, b"localhost".to_vec());
            ends.set(client, Text::Trusted, file("authority"));
        }
        let (client, server) = (ends.client, ends.server);
        ends.set_int(client, Int::Verify, 0);
        let renewed = path.to_str().expect("a plain path").as_bytes().to_vec();
        ends.set(server, Text::Certificate, renewed);
        ends.carry(usize::MAX).expect("a handshake");
        assert_eq!(ends.int(client, Int::CertificateState), state);
        tls = Some(ends.tls);
    }
    let _ = std::fs::remove_file(path);
}

#[test]
fn protocols_are_agreed_on() {
    let mut ends = Ends::new("localhost");
    let (client, server) = (ends.client, ends.server);
    ends.set(client, Text::Protocols, b"h2, http/1.1".to_vec());
    ends.set(server, Text::Protocols, b"http/1.1".to_vec());
    ends.carry(usize::MAX).expect("a handshake");
    assert_eq!(ends.text(client, Text::Protocols), "http/1.1");
    assert_eq!(ends.text(server, Text::Protocols), "http/1.1");
}

#[test]
fn handles_of_nothing_are_refused() {
    let mut ends = Ends::new("localhost");
    let (client, server) = (ends.client, ends.server);
    let forged = [
        Handle {
            session: client.session ^ 2,
            ..client
        },
        Handle { kind: 0, ..client },
        Handle { slot: 99, ..client },
        Handle {
            generation: 1,
            ..client
        },
    ];
    for handle in forged {
        assert_eq!(ends.tls.text(handle, Text::Reason), Err(Refusal::BadHandle));
        assert!(!ends.tls.destroy(handle));
    }
    assert_eq!(ends.tls.open_count(), 2);
    assert!(ends.tls.destroy(client));
    assert!(!ends.tls.destroy(client));
    let input = ends.tls.decrypt(client, b"x");
    assert_eq!(input, Err(Refusal::BadHandle));
    assert_eq!(ends.tls.create().slot, server.slot + 1);
    // One end cannot be both.
    ends.hand(server, &[]).expect("a server");
    let both = ends
        .tls
        .handshake(server, Role::Client, &[], &FileAccess::all());
    assert_eq!(both, Err(Refusal::InvalidState));
}

/// A small generator of numbers; the same seed gives the same damage.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }
}

/// Damages bytes under way: some changed, some lost, some twice, some that nobody sent, or an end.
fn damaged(dice: &mut Dice, mut bytes: Vec<u8>) -> Vec<u8> {
    let at = dice.below(bytes.len());
    let piece = dice.below(40);
    let end = (at + piece).min(bytes.len());
    match dice.below(6) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        3 => {
            let noise: Vec<u8> = (0..piece).map(|_| dice.below(256) as u8).collect();
            bytes.splice(at..at, noise);
        }
        4 => bytes.truncate(at),
        // The head of a record, with any kind and length.
        _ => {
            let head = [20 + dice.below(6) as u8, 3, dice.below(5) as u8];
            bytes.splice(at..at, head);
        }
    }
    bytes
}

#[test]
fn damage_ends_a_session_and_nothing_else() {
    let rounds = std::env::var("CHIRP_FUZZ").map_or(300, |n| n.parse().expect("a number"));
    let seed = std::env::var("CHIRP_FUZZ_SEED").map_or(1, |n| n.parse().expect("a number"));
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15u64.wrapping_mul(seed) | 1);
    let (mut failed, mut arrived) = (0, 0);
    for _ in 0..rounds {
        let mut ends = Ends::new("localhost");
        let (client, server) = (ends.client, ends.server);
        let _ = ends.hand(client, &[]);
        let turn = dice.below(8);
        for round in 0..12 {
            for (from, to) in [(client, server), (server, client)] {
                if ends.int(from, Int::State) == 3 {
                    let _ = ends.tls.encrypt(from, b"some data", 1 << 20);
                }
                let mut bytes = ends.take(from);
                if round * 2 + usize::from(from == server) == turn {
                    bytes = damaged(&mut dice, bytes);
                }
                let piece = 1 + dice.below(bytes.len() * 2);
                for part in bytes.chunks(piece) {
                    let _ = ends.hand(to, part);
                }
                let mut room = vec![0; dice.below(30)];
                if let Ok(count) = ends.tls.take_plain(to, &mut room)
                    && count > 0
                {
                    // What is handed out is what was sent, damaged or not at all.
                    let sent = b"some data".repeat(5);
                    assert!(sent.windows(count).any(|part| part == &room[..count]));
                    arrived += 1;
                }
            }
        }
        for end in [client, server] {
            failed += usize::from(ends.text(end, Text::Reason) != "none");
        }
    }
    assert!(failed > rounds / 4, "only {failed} of {rounds} noticed");
    assert!(arrived > rounds, "only {arrived} pieces in {rounds} rounds");
}
