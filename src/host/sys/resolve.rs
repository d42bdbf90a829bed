//! getaddrinfo and getnameinfo. Both may block for many seconds, so only the resolver's worker
//! threads call them, or its fast path with arguments that need no look-up.

use std::ffi::{CStr, CString};
use std::ptr;

/// One answer of getaddrinfo: the raw address with the codes of the C library.
pub struct RawInfo {
    /// The socket address as the C library lays it out.
    pub address: Vec<u8>,
    /// `SOCK_…`
    pub socket_type: i32,
    /// `IPPROTO_…`
    pub protocol: i32,
}

/// What to look for, in the C library's codes.
#[derive(Clone, Debug)]
pub struct RawHints {
    /// `AI_…`
    pub flags: i32,
    /// `AF_…`
    pub family: i32,
    /// `SOCK_…`
    pub socket_type: i32,
    /// `IPPROTO_…`
    pub protocol: i32,
}

/// Looks up host and service (either may be absent); the error is an `EAI_…` code.
pub fn address_info(
    host: Option<&CStr>,
    service: Option<&CStr>,
    hints: &RawHints,
) -> Result<Vec<RawInfo>, i32> {
    // SAFETY: addrinfo is plain data for which all-zero bytes are valid.
    let mut wanted: libc::addrinfo = unsafe { std::mem::zeroed() };
    wanted.ai_flags = hints.flags;
    wanted.ai_family = hints.family;
    wanted.ai_socktype = hints.socket_type;
    wanted.ai_protocol = hints.protocol;
    let mut list: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: the strings are terminated or null, the hints and the result pointer are valid.
    let code = unsafe {
        libc::getaddrinfo(
            host.map_or(ptr::null(), CStr::as_ptr),
            service.map_or(ptr::null(), CStr::as_ptr),
            &wanted,
            &mut list,
        )
    };
    if code != 0 {
        return Err(code);
    }
    let mut answers = Vec::new();
    let mut entry = list;
    while !entry.is_null() {
        // SAFETY: entry is a node of the list that getaddrinfo made and that is freed only below.
        let info = unsafe { &*entry };
        if !info.ai_addr.is_null() {
            // SAFETY: ai_addr points to ai_addrlen bytes.
            let address = unsafe {
                std::slice::from_raw_parts(info.ai_addr.cast::<u8>(), info.ai_addrlen as usize)
            };
            answers.push(RawInfo {
                address: address.to_vec(),
                socket_type: info.ai_socktype,
                protocol: info.ai_protocol,
            });
        }
        entry = info.ai_next;
    }
    if !list.is_null() {
        // SAFETY: the list comes from getaddrinfo and is freed once.
        unsafe { libc::freeaddrinfo(list) };
    }
    Ok(answers)
}

/// The names of host and service for a raw address; the error is an `EAI_…` code.
pub fn name_info(address: &[u8], flags: i32) -> Result<(Vec<u8>, Vec<u8>), i32> {
    // The C library may read the address as a structure of integers: give it an aligned copy.
    // SAFETY: sockaddr_storage is plain data for which all-zero bytes are valid.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    if address.len() > std::mem::size_of_val(&storage) {
        return Err(libc::EAI_FAMILY);
    }
    let pointer: *mut libc::sockaddr_storage = &mut storage;
    // SAFETY: the length was checked, the two areas cannot overlap.
    unsafe { ptr::copy_nonoverlapping(address.as_ptr(), pointer.cast::<u8>(), address.len()) };
    let mut host = [0u8; 1025];
    let mut service = [0u8; 256];
    // SAFETY: all pointers are valid for the lengths beside them.
    let code = unsafe {
        libc::getnameinfo(
            pointer.cast_const().cast(),
            address.len() as libc::socklen_t,
            host.as_mut_ptr().cast(),
            host.len() as libc::socklen_t,
            service.as_mut_ptr().cast(),
            service.len() as libc::socklen_t,
            flags,
        )
    };
    if code != 0 {
        return Err(code);
    }
    let text = |bytes: &[u8]| {
        CStr::from_bytes_until_nul(bytes)
            .map(|text| text.to_bytes().to_vec())
            .unwrap_or_default()
    };
    Ok((text(&host), text(&service)))
}

/// The C library's text for an `EAI_…` code.
pub fn error_text(code: i32) -> String {
    // SAFETY: gai_strerror answers a pointer to static text for every code.
    let text = unsafe { libc::gai_strerror(code) };
    if text.is_null() {
        return format!("resolver error {code}");
    }
    // SAFETY: the text is terminated and never freed.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

/// Terminated copy of an argument; `None` for an empty one or one with a NUL inside.
pub fn c_text(bytes: &[u8]) -> Option<CString> {
    if bytes.is_empty() {
        None
    } else {
        CString::new(bytes).ok()
    }
}
