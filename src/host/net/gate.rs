//! The permissions of the network where sockets meet them: every connect, bind and datagram asks here right
//! before the call of the system. Owns what was denied last; the rules are those of `capabilities`.

use super::address::{Address, LocalName};
use super::error::NetError;
use crate::host::capabilities::{Denied, Net};

type Result<T> = std::result::Result<T, NetError>;

/// The permissions of one interpreter's sockets.
pub struct Gate {
    permits: Net,
    denied: Option<Denied>,
}

impl Gate {
    /// Nothing was denied yet.
    pub fn new(permits: Net) -> Gate {
        Gate {
            permits,
            denied: None,
        }
    }

    /// Closes for good.
    pub fn close(&mut self) {
        self.permits = Net::new();
    }

    /// Whether anything is permitted.
    pub fn is_open(&self) -> bool {
        !self.permits.is_none()
    }

    /// What was denied last, once.
    pub fn take_denied(&mut self) -> Option<Denied> {
        self.denied.take()
    }

    fn noted(&mut self, answer: std::result::Result<(), Denied>) -> Result<()> {
        answer.map_err(|denied| {
            self.denied = Some(denied);
            NetError::Denied
        })
    }

    /// Fails where nothing is permitted.
    pub fn check_any(&mut self) -> Result<()> {
        let answer = self.permits.check_any();
        self.noted(answer)
    }

    /// Fails where not everything is permitted.
    pub fn check_all(&mut self, what: &str) -> Result<()> {
        let answer = self.permits.check_all(what);
        self.noted(answer)
    }

    /// Fails for an address that may not be reached.
    pub fn check_connect(&mut self, address: &Address) -> Result<()> {
        self.check(address, false)
    }

    /// Fails for an address that may not be served.
    pub fn check_listen(&mut self, address: &Address) -> Result<()> {
        self.check(address, true)
    }

    fn check(&mut self, address: &Address, listen: bool) -> Result<()> {
        let permits = &self.permits;
        let answer = match address {
            Address::Inet4(a) => permits.check_address((*a.ip()).into(), a.port(), listen),
            Address::Inet6(a) => permits.check_address((*a.ip()).into(), a.port(), listen),
            Address::Local(LocalName::Path(path)) => permits.check_path(path, listen),
            Address::Local(LocalName::Abstract(name)) => permits.check_abstract(name, listen),
            // The system gives it a name that nobody was told, and nothing can be connected to it.
            Address::Local(LocalName::Unnamed) => permits.check_any(),
        };
        self.noted(answer)
    }

    /// Fails for a socket from elsewhere that has an end which could not have been had here: `ours` for one
    /// that listens or was accepted, `theirs` for one that was connected.
    pub fn check_received(
        &mut self,
        ours: Option<&Address>,
        theirs: Option<&Address>,
    ) -> Result<()> {
        if let Some(theirs) = theirs
            && self.check(theirs, false).is_ok()
        {
            return Ok(());
        }
        match ours {
            Some(ours) => self.check(ours, true),
            None => self.check_any(),
        }
    }

    /// Fails for a name that may not be looked up.
    pub fn check_name(&mut self, name: &[u8]) -> Result<()> {
        let answer = self.permits.check_name(name);
        self.noted(answer)
    }

    /// Fails for an address whose name may not be asked for.
    pub fn check_host(&mut self, address: &Address) -> Result<()> {
        let answer = match address {
            Address::Inet4(a) => self.permits.check_host((*a.ip()).into()),
            Address::Inet6(a) => self.permits.check_host((*a.ip()).into()),
            Address::Local(_) => Ok(()),
        };
        self.noted(answer)
    }

    /// A name that was looked up has this address: from now on it may be reached as the name may.
    pub fn learn(&mut self, name: &[u8], address: &Address) {
        match address {
            Address::Inet4(a) => self.permits.learn(name, (*a.ip()).into()),
            Address::Inet6(a) => self.permits.learn(name, (*a.ip()).into()),
            Address::Local(_) => {}
        }
    }
}
