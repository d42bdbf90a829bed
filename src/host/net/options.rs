//! Socket options by name. Owns the list of names; must never guess: an unknown name is ENOPROTOOPT.

use super::super::sys;
use super::error::NetError;
use super::socket::{Family, Phase, Socket};

type Result<T> = std::result::Result<T, NetError>;

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nearly all options are integers.
    Integer(i64),
    /// A structure, as the system lays it out.
    Bytes(Vec<u8>),
}

/// An option that was set before the socket had its final descriptor.
#[derive(Clone)]
pub struct Stored {
    /// `SOL_…` or a protocol.
    pub level: i32,
    /// The number of the option.
    pub name: i32,
    /// The value as the system takes it.
    pub value: Vec<u8>,
}

const SOCKET: i32 = libc::SOL_SOCKET;
const IP: i32 = libc::IPPROTO_IP;
const IPV6: i32 = libc::IPPROTO_IPV6;
const TCP: i32 = libc::IPPROTO_TCP;

const OPTIONS: &[(&str, i32, i32)] = &[
    ("SO_DEBUG", SOCKET, libc::SO_DEBUG),
    ("SO_REUSEADDR", SOCKET, libc::SO_REUSEADDR),
    ("SO_REUSEPORT", SOCKET, libc::SO_REUSEPORT),
    ("SO_DONTROUTE", SOCKET, libc::SO_DONTROUTE),
    ("SO_BROADCAST", SOCKET, libc::SO_BROADCAST),
    ("SO_SNDBUF", SOCKET, libc::SO_SNDBUF),
    ("SO_RCVBUF", SOCKET, libc::SO_RCVBUF),
    ("SO_KEEPALIVE", SOCKET, libc::SO_KEEPALIVE),
    ("SO_OOBINLINE", SOCKET, libc::SO_OOBINLINE),
    ("SO_LINGER", SOCKET, libc::SO_LINGER),
    ("SO_ERROR", SOCKET, libc::SO_ERROR),
    ("SO_TYPE", SOCKET, libc::SO_TYPE),
    ("SO_DOMAIN", SOCKET, libc::SO_DOMAIN),
    ("SO_ACCEPTCONN", SOCKET, libc::SO_ACCEPTCONN),
    ("SO_PEERCRED", SOCKET, libc::SO_PEERCRED),
    ("SO_PASSCRED", SOCKET, libc::SO_PASSCRED),
    ("SO_RCVTIMEO", SOCKET, libc::SO_RCVTIMEO),
    ("SO_SNDTIMEO", SOCKET, libc::SO_SNDTIMEO),
    ("IP_TTL", IP, libc::IP_TTL),
    ("IP_HDRINCL", IP, libc::IP_HDRINCL),
    ("IP_MULTICAST_IF", IP, libc::IP_MULTICAST_IF),
    ("IP_MULTICAST_TTL", IP, libc::IP_MULTICAST_TTL),
    ("IP_MULTICAST_LOOP", IP, libc::IP_MULTICAST_LOOP),
    ("IP_ADD_MEMBERSHIP", IP, libc::IP_ADD_MEMBERSHIP),
    ("IP_DROP_MEMBERSHIP", IP, libc::IP_DROP_MEMBERSHIP),
    ("IPV6_V6ONLY", IPV6, libc::IPV6_V6ONLY),
    ("IPV6_UNICAST_HOPS", IPV6, libc::IPV6_UNICAST_HOPS),
    ("IPV6_MULTICAST_IF", IPV6, libc::IPV6_MULTICAST_IF),
    ("IPV6_MULTICAST_HOPS", IPV6, libc::IPV6_MULTICAST_HOPS),
    ("IPV6_MULTICAST_LOOP", IPV6, libc::IPV6_MULTICAST_LOOP),
    ("IPV6_ADD_MEMBERSHIP", IPV6, libc::IPV6_ADD_MEMBERSHIP),
    ("IPV6_DROP_MEMBERSHIP", IPV6, libc::IPV6_DROP_MEMBERSHIP),
    ("TCP_MAXSEG", TCP, libc::TCP_MAXSEG),
    ("TCP_NODELAY", TCP, libc::TCP_NODELAY),
    ("TCP_CORK", TCP, libc::TCP_CORK),
    ("TCP_KEEPIDLE", TCP, libc::TCP_KEEPIDLE),
    ("TCP_KEEPINTVL", TCP, libc::TCP_KEEPINTVL),
    ("TCP_KEEPCNT", TCP, libc::TCP_KEEPCNT),
    ("TCP_USER_TIMEOUT", TCP, libc::TCP_USER_TIMEOUT),
    ("TCP_QUICKACK", TCP, libc::TCP_QUICKACK),
    ("TCP_DEFER_ACCEPT", TCP, libc::TCP_DEFER_ACCEPT),
];

/// Whether closing with this `linger` structure (on or off, then seconds) returns at once. With a
/// time the kernel would hold the interpreter's thread in close, even for a descriptor that does
/// not block.
fn is_harmless_linger(structure: &[u8]) -> bool {
    let word = |index: usize| {
        structure
            .get(index..index + 4)
            .map_or(0, |bytes| bytes.iter().fold(0, |any, byte| any | byte))
    };
    word(0) == 0 || word(4) == 0
}

fn find(name: &[u8]) -> Result<(i32, i32)> {
    OPTIONS
        .iter()
        .find(|(known, _, _)| known.as_bytes() == name)
        .map(|(_, level, number)| (*level, *number))
        .ok_or(NetError::Os(libc::ENOPROTOOPT))
}

impl Value {
    fn to_system(&self) -> Result<Vec<u8>> {
        match self {
            Value::Integer(value) => {
                let value = i32::try_from(*value).map_err(|_| NetError::BadArgument)?;
                Ok(value.to_ne_bytes().to_vec())
            }
            Value::Bytes(bytes) => Ok(bytes.clone()),
        }
    }

    fn from_system(bytes: &[u8]) -> Value {
        match bytes {
            [single] => Value::Integer(i64::from(*single)),
            [a, b, c, d] => Value::Integer(i64::from(i32::from_ne_bytes([*a, *b, *c, *d]))),
            structure => Value::Bytes(structure.to_vec()),
        }
    }
}

impl Socket {
    /// The kernel's value of an option.
    pub fn get_option(&self, name: &[u8]) -> Result<Value> {
        let (level, number) = find(name)?;
        if self.ignores(level) {
            return Ok(Value::Integer(0));
        }
        let mut buffer = [0u8; 64];
        let size = sys::socket::get_option(self.borrow()?, level, number, &mut buffer)?;
        Ok(Value::from_system(&buffer[..size]))
    }

    /// Sets an option and answers what the kernel made of it (Linux doubles buffer sizes).
    pub fn set_option(&mut self, name: &[u8], value: &Value) -> Result<Value> {
        let (level, number) = find(name)?;
        // Waiting is our business: a descriptor that never blocks has no use for these.
        let timeout = level == SOCKET && [libc::SO_RCVTIMEO, libc::SO_SNDTIMEO].contains(&number);
        if timeout || self.ignores(level) {
            return Ok(value.clone());
        }
        let bytes = value.to_system()?;
        if level == SOCKET && number == libc::SO_LINGER && !is_harmless_linger(&bytes) {
            return Err(NetError::Os(libc::EOPNOTSUPP));
        }
        sys::socket::set_option(self.borrow()?, level, number, &bytes)?;
        if matches!(self.phase, Phase::Idle) {
            self.stored_options
                .retain(|option| (option.level, option.name) != (level, number));
            self.stored_options.push(Stored {
                level,
                name: number,
                value: bytes,
            });
        }
        Ok(self.get_option(name).unwrap_or_else(|_| value.clone()))
    }

    /// Sets what another socket was given. Options that this family does not have are left out.
    pub fn take_options(&mut self, options: Vec<Stored>) {
        if let Ok(fd) = self.borrow() {
            for option in &options {
                let _ = sys::socket::set_option(fd, option.level, option.name, &option.value);
            }
        }
        self.stored_options = options;
    }

    /// TCP's options mean nothing to a local socket; servers set them on every listener.
    fn ignores(&self, level: i32) -> bool {
        level == TCP && self.family == Family::Local
    }
}
