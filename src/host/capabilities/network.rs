//! Whom a program may connect to, and where it may listen. Knows addresses, names and paths as they are
//! written; must never look a name up.

use super::Denied;
use super::files::{Dir, FileAccess, Refused, Want};
use std::collections::HashSet;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::str::FromStr;

/// Addresses that names had, which are remembered at most.
const MOST_LEARNED: usize = 10_000;

/// One end that a program may use: what stands in `--allow-net=`.
///
/// | written | means |
/// |---|---|
/// | `api.example.com:443` | this port of this name |
/// | `10.0.0.7`, `::1` | every port of this address |
/// | `10.0.0.0/8`, `[fd00::/8]:443` | addresses that begin so |
/// | `*.example.com` | names that end so |
/// | `unix:/run/app.sock`, `unix:/run/app` | a local socket; those in a folder |
/// | `unix:@name` | a local socket outside of the file system |
/// | `*`, `*:443` | every host, and every local socket; every host |
///
/// ```
/// use chirp::{Net, Target};
///
/// let target: Target = "*.example.com:443".parse()?;
/// let mut net = Net::new();
/// net.add(target, true, false);
/// assert!("https://example.com".parse::<Target>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    Name(String),
    /// With the dot.
    Suffix(String),
    Network(IpAddr, u8),
    Path(String),
    Abstract(Vec<u8>),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let wrong = |why: &str| format!("'{text}' {why}: expected HOST:PORT, HOST or unix:PATH");
        if let Some(path) = text.strip_prefix("unix:") {
            let host = match path.strip_prefix('@') {
                Some(name) => Host::Abstract(name.into()),
                None if path.is_empty() => return Err(wrong("has no path")),
                None => Host::Path(path.into()),
            };
            return Ok(Target { host, port: None });
        }
        if text.contains("://") {
            return Err(wrong("is a URL"));
        }
        let (host, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, rest)) => match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None => return Err(wrong("has something behind the bracket")),
            },
            // Several colons without brackets are an IPv6 address.
            None => match text.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (text, None),
            },
        };
        let port = match port {
            None => None,
            Some(digits) => Some(digits.parse().map_err(|_| wrong("has no valid port"))?),
        };
        let host = parse_host(host).ok_or_else(|| wrong("has no valid host"))?;
        Ok(Target { host, port })
    }
}

fn parse_host(text: &str) -> Option<Host> {
    if text == "*" {
        return Some(Host::Any);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        let ip = ip.to_canonical();
        return Some(Host::Network(ip, width(ip)));
    }
    if let Some((ip, bits)) = text.split_once('/') {
        let (ip, bits) = (ip.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
        return (bits <= width(ip)).then_some(Host::Network(ip, bits));
    }
    let (is_suffix, name) = match text.strip_prefix("*.") {
        Some(name) => (true, plain(name)),
        None => (false, plain(text)),
    };
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(fits) || name.split('.').any(str::is_empty) {
        return None;
    }
    Some(match is_suffix {
        true => Host::Suffix(format!(".{name}")),
        false => Host::Name(name),
    })
}

/// A name as it is compared.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_lowercase()
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn begins(ip: IpAddr, with: IpAddr, bits: u8) -> bool {
    match (ip, with) {
        (IpAddr::V4(ip), IpAddr::V4(with)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            (ip.to_bits() ^ with.to_bits()) & mask == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(with)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            (ip.to_bits() ^ with.to_bits()) & mask == 0
        }
        _ => false,
    }
}

impl Target {
    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }

    fn has_ip(&self, ip: IpAddr) -> bool {
        match &self.host {
            Host::Any => true,
            Host::Network(own, bits) => begins(ip, *own, *bits),
            // Whatever a name server says.
            Host::Name(name) => name == "localhost" && ip.is_loopback(),
            _ => false,
        }
    }

    fn has_name(&self, name: &str) -> bool {
        match &self.host {
            Host::Any => true,
            Host::Name(own) => own == name,
            Host::Suffix(end) => name.ends_with(end.as_str()),
            _ => false,
        }
    }
}

/// What a program may do in the network. Nothing is permitted at first.
///
/// ```
/// use chirp::{Net, Smalltalk};
///
/// let net = Net::new().connect("api.example.com:443").listen("127.0.0.1:0");
/// let mut st = Smalltalk::builder().net(net).build()?;
/// # #[cfg(feature = "net")]
/// assert_eq!(st.eval::<String>("Socket newTCP connectTo: #[10 0 0 1] port: 80").unwrap_err().to_string(),
///     "PermissionDenied: no permission to connect to 10.0.0.1:80 (--allow-net=10.0.0.1:80)");
///
/// // What is no host is told when the machine is built.
/// let wrong = Smalltalk::builder().net(Net::new().connect("http://example.com")).build();
/// assert!(wrong.is_err());
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Net {
    all: bool,
    connect: Vec<Target>,
    listen: Vec<Target>,
    /// Paths of local sockets: to connect to is to read, to listen at is to write.
    local: FileAccess,
    fault: Option<String>,
    /// Addresses that permitted names had when they were looked up, with the place of the permission.
    learned: HashSet<(IpAddr, usize)>,
}

impl Net {
    /// Nothing.
    pub fn new() -> Net {
        Net::default()
    }

    /// Everything.
    pub fn all() -> Net {
        Net {
            all: true,
            ..Net::default()
        }
    }

    /// One more end to connect to, and to send datagrams to: see [`Target`].
    pub fn connect(mut self, target: &str) -> Net {
        match target.parse() {
            Ok(target) => self.add(target, true, false),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// One more address to listen at: see [`Target`]. Port 0 is one that the system chooses.
    pub fn listen(mut self, target: &str) -> Net {
        match target.parse() {
            Ok(target) => self.add(target, false, true),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// One more target, for those of connecting and listening that are true.
    pub fn add(&mut self, target: Target, connect: bool, listen: bool) {
        match &target.host {
            Host::Path(path) => {
                let path = Path::new(path);
                self.local.add(match (connect, listen) {
                    (true, true) => Dir::read_write(path),
                    (false, _) => Dir::write_only(path),
                    (true, false) => Dir::read_only(path),
                });
            }
            Host::Any if target.port.is_none() => {
                let wants = [(connect, Want::Read), (listen, Want::Write)];
                let wanted = wants.into_iter().filter(|each| each.0);
                wanted.for_each(|each| self.local.add_all(each.1));
            }
            _ => {}
        }
        if connect {
            self.connect.push(target.clone());
        }
        if listen {
            self.listen.push(target);
        }
    }

    /// What is wrong with one of the targets.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Whether nothing is permitted.
    pub fn is_none(&self) -> bool {
        !self.all && self.connect.is_empty() && self.listen.is_empty()
    }

    /// Whether everything is.
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// Fails where there is no network at all.
    pub(crate) fn check_any(&self) -> Result<(), Denied> {
        match self.is_none() {
            true => Err(Denied::new("use the network", "--allow-net")),
            false => Ok(()),
        }
    }

    /// Fails where not everything is permitted.
    pub(crate) fn check_all(&self, what: &str) -> Result<(), Denied> {
        match self.all {
            true => Ok(()),
            false => Err(Denied::new(what, "--allow-net")),
        }
    }

    /// Fails for a name that may not be looked up.
    pub(crate) fn check_name(&self, name: &[u8]) -> Result<(), Denied> {
        if self.all {
            return Ok(());
        }
        let shown = String::from_utf8_lossy(name);
        let name = plain(&shown);
        let mut targets = self.connect.iter().chain(&self.listen);
        if targets.any(|target| target.has_name(&name)) {
            return Ok(());
        }
        Err(Denied::new(
            format!("look up {shown}"),
            format!("--allow-net={shown}"),
        ))
    }

    /// A name that was permitted had this address.
    pub(crate) fn learn(&mut self, name: &[u8], ip: IpAddr) {
        if self.all {
            return;
        }
        let name = plain(&String::from_utf8_lossy(name));
        if self.learned.len() > MOST_LEARNED {
            // Whoever connects looks the name up just before.
            self.learned.clear();
        }
        let ends = self.connect.iter().chain(&self.listen).enumerate();
        let named = ends.filter(|(_, target)| target.has_name(&name));
        self.learned
            .extend(named.map(|(place, _)| (ip.to_canonical(), place)));
    }

    /// Fails for an address to which the program may not connect, or at which it may not listen.
    pub(crate) fn check_address(&self, ip: IpAddr, port: u16, listen: bool) -> Result<(), Denied> {
        if self.all {
            return Ok(());
        }
        let ip = ip.to_canonical();
        let (targets, first) = match listen {
            false => (&self.connect, 0),
            true => (&self.listen, self.connect.len()),
        };
        let permits = |(place, target): (usize, &Target)| {
            target.has_port(port)
                && (target.has_ip(ip) || self.learned.contains(&(ip, first + place)))
        };
        if targets.iter().enumerate().any(permits) {
            return Ok(());
        }
        let shown = std::net::SocketAddr::new(ip, port);
        let verb = if listen { "listen at" } else { "connect to" };
        Err(Denied::new(
            format!("{verb} {shown}"),
            format!("--allow-net={shown}"),
        ))
    }

    /// Fails for an address whose name may not be asked for.
    pub(crate) fn check_host(&self, ip: IpAddr) -> Result<(), Denied> {
        let ip = ip.to_canonical();
        let learned = |place| self.learned.contains(&(ip, place));
        let mut ends = self.connect.iter().chain(&self.listen).enumerate();
        if self.all || ends.any(|(place, target)| target.has_ip(ip) || learned(place)) {
            return Ok(());
        }
        let what = format!("look up the name of {ip}");
        Err(Denied::new(what, format!("--allow-net={ip}")))
    }

    /// Fails for the path of a local socket. A link is followed to connect, as the system does.
    pub(crate) fn check_path(&self, path: &[u8], listen: bool) -> Result<(), Denied> {
        if self.all {
            return Ok(());
        }
        let (want, verb) = match listen {
            false => (Want::Read, "connect to"),
            true => (Want::Write, "listen at"),
        };
        let path = Path::new(std::ffi::OsStr::from_bytes(path));
        match self.local.find(path, !listen, &[want]) {
            // What is wrong with a permitted path, the system says.
            Ok(_) | Err(Refused::Os(_)) => Ok(()),
            Err(Refused::Denied(_)) => {
                let path = path.display();
                let what = format!("{verb} unix:{path}");
                Err(Denied::new(what, format!("--allow-net=unix:{path}")))
            }
        }
    }

    /// Fails for the name of a local socket outside of the file system. One without a name is nobody's.
    pub(crate) fn check_abstract(&self, name: &[u8], listen: bool) -> Result<(), Denied> {
        let targets = if listen { &self.listen } else { &self.connect };
        let permits = |target: &Target| match &target.host {
            Host::Any => target.port.is_none(),
            Host::Abstract(own) => own == name,
            _ => false,
        };
        if self.all || targets.iter().any(permits) {
            return Ok(());
        }
        let (verb, name) = (
            if listen { "listen at" } else { "connect to" },
            String::from_utf8_lossy(name),
        );
        let what = format!("{verb} unix:@{name}");
        Err(Denied::new(what, format!("--allow-net=unix:@{name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connects(net: &Net, ip: &str, port: u16) -> bool {
        net.check_address(ip.parse().unwrap(), port, false).is_ok()
    }

    #[test]
    fn what_a_target_may_look_like() {
        for text in [
            "a.b:443",
            "a.b",
            "1.2.3.4:1",
            "::1",
            "[::1]:80",
            "[fd00::/8]:80",
            "10.0.0.0/8",
            "*",
            "*:80",
            "*.a.b:1",
            "unix:/run/a",
            "unix:@a",
            "localhost:0",
            "my_host-1:65535",
        ] {
            assert!(text.parse::<Target>().is_ok(), "{text}");
        }
        for text in [
            "",
            ":80",
            "a:b",
            "a:65536",
            "a:-1",
            "http://a",
            "a/b",
            "10.0.0.0/33",
            "[::1]80",
            "unix:",
            "a..b",
            "a b",
            "*a",
            "a.*",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_and_networks() {
        let net = Net::new()
            .connect("10.0.0.0/8:80")
            .connect("::1")
            .connect("0.0.0.0/0:9");
        assert!(connects(&net, "10.1.2.3", 80) && connects(&net, "::ffff:10.1.2.3", 80));
        assert!(!connects(&net, "10.1.2.3", 81) && !connects(&net, "11.0.0.0", 80));
        assert!(connects(&net, "::1", 7) && !connects(&net, "::2", 7));
        assert!(connects(&net, "8.8.8.8", 9) && !connects(&net, "8::8", 9));
        assert!(
            net.check_address("10.1.2.3".parse().unwrap(), 80, true)
                .is_err()
        );
    }

    #[test]
    fn an_address_counts_once_a_permitted_name_had_it() {
        let mut net = Net::new().connect("Api.Example.com:443").listen("other:1");
        assert!(net.check_name(b"api.example.COM.").is_ok());
        assert!(net.check_name(b"example.com").is_err());
        assert!(!connects(&net, "1.2.3.4", 443));
        net.learn(b"api.example.com", "1.2.3.4".parse().unwrap());
        net.learn(b"other", "1.2.3.5".parse().unwrap());
        assert!(connects(&net, "1.2.3.4", 443));
        assert!(!connects(&net, "1.2.3.4", 80) && !connects(&net, "1.2.3.5", 1));
        assert!(
            net.check_address("1.2.3.5".parse().unwrap(), 1, true)
                .is_ok()
        );
    }

    #[test]
    fn local_host_is_this_machine_and_any_is_everything() {
        let net = Net::new().connect("localhost:80").connect("*.a.b");
        assert!(connects(&net, "127.0.0.1", 80) && connects(&net, "::1", 80));
        assert!(!connects(&net, "127.0.0.1", 81) && !connects(&net, "10.0.0.1", 80));
        assert!(net.check_name(b"x.a.b").is_ok() && net.check_name(b"a.b").is_err());
        assert!(net.check_name(b"xa.b").is_err());
        assert!(net.check_path(b"/tmp/x", false).is_err());
        let net = Net::new().connect("*");
        assert!(
            net.check_path(b"/tmp/x", false).is_ok() && net.check_path(b"/tmp/x", true).is_err()
        );
        assert!(net.check_abstract(b"x", false).is_ok() && connects(&net, "1.2.3.4", 1));
    }
}
