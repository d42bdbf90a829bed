//! Socket addresses: IPv4, IPv6 and local. Owns their three forms: the system's bytes, the bytes of
//! a Smalltalk SocketAddress (a header, then the system's bytes) and text. Must never look a name
//! up nor touch the file system.

use super::error::NetError;
use super::socket::Family;
use nix::sys::socket::{SockaddrIn, SockaddrIn6, SockaddrLike, UnixAddr};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

/// Bytes before the system's part: session and size, four each.
pub const HEADER_SIZE: usize = 8;
/// Longest path of a local socket; one more byte is for the NUL.
pub const PATH_LIMIT: usize = 107;
/// Size of the system's structure for local addresses.
const LOCAL_SIZE: usize = 110;

/// The name of a local socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LocalName {
    /// No name: an accepted or paired socket, a client that did not bind.
    Unnamed,
    /// A file.
    Path(Vec<u8>),
    /// Linux's names outside the file system.
    Abstract(Vec<u8>),
}

/// A socket address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// IPv4 and port.
    Inet4(SocketAddrV4),
    /// IPv6, port, flow, zone.
    Inet6(SocketAddrV6),
    /// AF_UNIX.
    Local(LocalName),
}

/// An address in the form that nix passes to the system.
pub enum SystemAddress {
    /// IPv4.
    Inet4(SockaddrIn),
    /// IPv6.
    Inet6(SockaddrIn6),
    /// AF_UNIX.
    Local(UnixAddr),
}

impl SystemAddress {
    /// The form that nix's functions take.
    pub fn as_dyn(&self) -> &dyn SockaddrLike {
        match self {
            SystemAddress::Inet4(address) => address,
            SystemAddress::Inet6(address) => address,
            SystemAddress::Local(address) => address,
        }
    }
}

impl Address {
    /// An IPv4 address.
    pub fn inet4(ip: Ipv4Addr, port: u16) -> Address {
        Address::Inet4(SocketAddrV4::new(ip, port))
    }

    /// An IPv6 address without zone.
    pub fn inet6(ip: Ipv6Addr, port: u16) -> Address {
        Address::Inet6(SocketAddrV6::new(ip, port, 0, 0))
    }

    /// The local address of a path: ENAMETOOLONG for more than 107 bytes, EINVAL for a NUL inside
    /// and for an empty path.
    pub fn local_path(path: &[u8]) -> Result<Address, NetError> {
        if path.is_empty() || path.contains(&0) {
            return Err(NetError::Os(libc::EINVAL));
        }
        if path.len() > PATH_LIMIT {
            return Err(NetError::Os(libc::ENAMETOOLONG));
        }
        Ok(Address::Local(LocalName::Path(path.to_vec())))
    }

    /// The local address outside the file system with the given name.
    pub fn local_abstract(name: &[u8]) -> Result<Address, NetError> {
        if name.len() > PATH_LIMIT {
            return Err(NetError::Os(libc::ENAMETOOLONG));
        }
        Ok(Address::Local(LocalName::Abstract(name.to_vec())))
    }

    /// The family of sockets that this address fits.
    pub fn family(&self) -> Family {
        match self {
            Address::Inet4(_) => Family::Inet4,
            Address::Inet6(_) => Family::Inet6,
            Address::Local(_) => Family::Local,
        }
    }

    /// The code of the family: 1 local, 2 inet4, 3 inet6.
    pub fn family_code(&self) -> i64 {
        match self {
            Address::Local(_) => 1,
            Address::Inet4(_) => 2,
            Address::Inet6(_) => 3,
        }
    }

    /// The path of a local address that has one.
    pub fn path(&self) -> Option<&[u8]> {
        match self {
            Address::Local(LocalName::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// The port; `None` for local addresses.
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::Inet4(address) => Some(address.port()),
            Address::Inet6(address) => Some(address.port()),
            Address::Local(_) => None,
        }
    }

    /// The same host with another port; `None` for local addresses.
    pub fn with_port(&self, port: u16) -> Option<Address> {
        let mut address = self.clone();
        match &mut address {
            Address::Inet4(address) => address.set_port(port),
            Address::Inet6(address) => address.set_port(port),
            Address::Local(_) => return None,
        }
        Some(address)
    }

    /// The host alone: 4 bytes, 16 bytes, or none for local addresses. An IPv4 peer of an IPv6
    /// listener counts as IPv4.
    pub fn host_bytes(&self) -> Vec<u8> {
        match self {
            Address::Inet4(address) => address.ip().octets().to_vec(),
            Address::Inet6(address) => match address.ip().to_ipv4_mapped() {
                Some(ip) => ip.octets().to_vec(),
                None => address.ip().octets().to_vec(),
            },
            Address::Local(_) => Vec::new(),
        }
    }

    /// For sockets of the IPv6 family: IPv4 addresses in their mapped form.
    pub fn to_inet6(&self) -> Address {
        match self {
            Address::Inet4(address) => {
                Address::inet6(address.ip().to_ipv6_mapped(), address.port())
            }
            other => other.clone(),
        }
    }

    /// The form for nix; fails for local names that are too long.
    pub fn to_system(&self) -> Result<SystemAddress, NetError> {
        Ok(match self {
            Address::Inet4(address) => SystemAddress::Inet4(SockaddrIn::from(*address)),
            Address::Inet6(address) => SystemAddress::Inet6(SockaddrIn6::from(*address)),
            Address::Local(name) => SystemAddress::Local(match name {
                LocalName::Unnamed => UnixAddr::new_unnamed(),
                LocalName::Path(path) => UnixAddr::new(path.as_slice())?,
                LocalName::Abstract(name) => UnixAddr::new_abstract(name)?,
            }),
        })
    }

    /// The system's bytes, as getsockname would give them.
    pub fn to_raw(&self) -> Vec<u8> {
        match self {
            Address::Inet4(address) => {
                let mut raw = family_bytes(libc::AF_INET);
                raw.extend(address.port().to_be_bytes());
                raw.extend(address.ip().octets());
                raw.resize(16, 0);
                raw
            }
            Address::Inet6(address) => {
                let mut raw = family_bytes(libc::AF_INET6);
                raw.extend(address.port().to_be_bytes());
                raw.extend(address.flowinfo().to_ne_bytes());
                raw.extend(address.ip().octets());
                raw.extend(address.scope_id().to_ne_bytes());
                raw
            }
            Address::Local(name) => {
                let mut raw = family_bytes(libc::AF_UNIX);
                match name {
                    LocalName::Unnamed => {}
                    LocalName::Path(path) => {
                        raw.extend(path);
                        raw.push(0);
                    }
                    LocalName::Abstract(name) => {
                        raw.push(0);
                        raw.extend(name);
                    }
                }
                raw
            }
        }
    }

    /// Reads the system's bytes; `None` when they are no address of a family we know.
    pub fn from_raw(raw: &[u8]) -> Option<Address> {
        let family = i32::from(u16::from_ne_bytes([*raw.first()?, *raw.get(1)?]));
        match family {
            libc::AF_INET => {
                let ip: [u8; 4] = raw.get(4..8)?.try_into().ok()?;
                Some(Address::inet4(ip.into(), port_of(raw)))
            }
            libc::AF_INET6 => {
                let ip: [u8; 16] = raw.get(8..24)?.try_into().ok()?;
                let flow = u32::from_ne_bytes(raw.get(4..8)?.try_into().ok()?);
                let zone = u32::from_ne_bytes(raw.get(24..28)?.try_into().ok()?);
                Some(Address::Inet6(SocketAddrV6::new(
                    ip.into(),
                    port_of(raw),
                    flow,
                    zone,
                )))
            }
            libc::AF_UNIX => local_from_raw(&raw[2..]).map(Address::Local),
            _ => None,
        }
    }

    /// The bytes of the Smalltalk object. `padded` gives local paths the full size of the system's
    /// structure, which is what the resolver promises; otherwise they take the room they need.
    pub fn to_object(&self, session: u32, padded: bool) -> Vec<u8> {
        let mut raw = self.to_raw();
        if padded && matches!(self, Address::Local(LocalName::Path(_))) {
            raw.resize(LOCAL_SIZE, 0);
        }
        let mut object = Vec::with_capacity(HEADER_SIZE + raw.len());
        object.extend(session.to_ne_bytes());
        object.extend((raw.len() as u32).to_ne_bytes());
        object.extend(raw);
        object
    }

    /// Reads the bytes of a Smalltalk object: a bare IPv4 or IPv6 host (port 0), or header and
    /// address of this session.
    pub fn from_object(session: u32, object: &[u8]) -> Option<Address> {
        if let Ok(ip) = <[u8; 4]>::try_from(object) {
            return Some(Address::inet4(ip.into(), 0));
        }
        if let Some(address) = Address::from_opaque(session, object) {
            return Some(address);
        }
        let ip = <[u8; 16]>::try_from(object).ok()?;
        Some(Address::inet6(ip.into(), 0))
    }

    /// Reads only the form with a header.
    pub fn from_opaque(session: u32, object: &[u8]) -> Option<Address> {
        let (header, raw) = object.split_at_checked(HEADER_SIZE)?;
        let (marked, size) = header.split_at(4);
        let valid = marked == session.to_ne_bytes() && size == (raw.len() as u32).to_ne_bytes();
        if !valid {
            return None;
        }
        let address = Address::from_raw(raw)?;
        // Sizes are exact, or the kernel would be handed less than the family needs.
        let expected = match address {
            Address::Inet4(_) => 16,
            Address::Inet6(_) => 28,
            Address::Local(_) => raw.len(),
        };
        (raw.len() == expected).then_some(address)
    }
}

fn family_bytes(family: i32) -> Vec<u8> {
    (family as u16).to_ne_bytes().to_vec()
}

fn port_of(raw: &[u8]) -> u16 {
    u16::from_be_bytes([raw[2], raw[3]])
}

fn local_from_raw(name: &[u8]) -> Option<LocalName> {
    match name {
        [] => Some(LocalName::Unnamed),
        [0, rest @ ..] => (rest.len() <= PATH_LIMIT).then(|| LocalName::Abstract(rest.to_vec())),
        path => {
            let end = path
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(path.len());
            let (path, padding) = path.split_at(end);
            // The kernel itself gives out paths of 108 bytes, nobody can use them with us.
            let clean = padding.iter().all(|byte| *byte == 0);
            clean.then(|| LocalName::Path(path.to_vec()))
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet4(address) => address.fmt(f),
            Address::Inet6(address) => match address.ip().to_ipv4_mapped() {
                Some(ip) => SocketAddrV4::new(ip, address.port()).fmt(f),
                None => address.fmt(f),
            },
            Address::Local(LocalName::Unnamed) => f.write_str("unix:(unnamed)"),
            Address::Local(LocalName::Path(path)) => {
                write!(f, "unix:{}", String::from_utf8_lossy(path))
            }
            Address::Local(LocalName::Abstract(name)) => {
                write!(f, "unix:@{}", String::from_utf8_lossy(name))
            }
        }
    }
}
