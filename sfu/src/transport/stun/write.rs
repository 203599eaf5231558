//! Writes STUN messages: the responses that `node.rs` sends, and the requests of its peers in tests.

use std::net::{IpAddr, SocketAddr};

use super::{
    Attributes, BINDING_REQUEST, BindingRequest, ERROR_CODE, FINGERPRINT, HEADER, INTEGRITY_LEN, MAGIC_COOKIE,
    MESSAGE_INTEGRITY, PRIORITY, UNKNOWN_ATTRIBUTES, USE_CANDIDATE, USERNAME, XOR_MAPPED_ADDRESS, fingerprint,
    integrity, must_be_known,
};

const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const ICE_CONTROLLING: u16 = 0x802a;

/// RFC 8489 §14.3: a user name is shorter than 509 bytes.
const USERNAME_MAX: usize = 508;
/// Longer reason phrases are cut: ours are a few words.
const REASON_MAX: usize = 64;
/// Unknown attributes listed in a 420 answer; a sender has no use for more.
const UNKNOWN_MAX: usize = 8;

/// The longest response: an error with a reason and unknown attributes, integrity and fingerprint.
pub const RESPONSE_MAX: usize = HEADER + (8 + REASON_MAX) + (4 + 2 * UNKNOWN_MAX) + (4 + INTEGRITY_LEN) + 8;
/// The longest request that [`write_request`] makes: all attributes and the longest user name.
pub const REQUEST_MAX: usize = HEADER + (4 + USERNAME_MAX) + 8 + 12 + 4 + (4 + INTEGRITY_LEN) + 8;

/// Writes a binding success response: XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY, FINGERPRINT.
///
/// Returns its length; `out` must have [`RESPONSE_MAX`] bytes, and 0 is returned if it is too short.
pub fn write_success(out: &mut [u8], transaction: &[u8; 12], mapped: SocketAddr, pwd: &[u8]) -> usize {
    let mut writer = Writer::new(out, BINDING_SUCCESS, transaction);
    writer.xor_mapped_address(mapped, transaction);
    writer.finish(pwd)
}

/// Writes a binding error response, as 487 (role conflict) or 400; `code` is 300 to 699.
///
/// Returns its length; `out` must have [`RESPONSE_MAX`] bytes, and 0 is returned if it is too short.
pub fn write_error(out: &mut [u8], transaction: &[u8; 12], code: u16, reason: &str, pwd: &[u8]) -> usize {
    let mut writer = Writer::new(out, BINDING_ERROR, transaction);
    writer.error_code(code, reason);
    writer.finish(pwd)
}

/// Writes the 420 answer to a request whose `unknown` is set; it lists the attributes that we don't know.
///
/// Returns its length; `out` must have [`RESPONSE_MAX`] bytes, and 0 is returned if it is too short.
pub fn write_unknown_attributes(out: &mut [u8], request: &BindingRequest<'_>, pwd: &[u8]) -> usize {
    let mut kinds = [0u8; 2 * UNKNOWN_MAX];
    let unknown = Attributes::new(request.datagram).flatten().map(|a| a.kind).filter(|kind| must_be_known(*kind));
    let mut length = 0;
    for (slot, kind) in kinds.as_chunks_mut::<2>().0.iter_mut().zip(unknown) {
        *slot = kind.to_be_bytes();
        length += 2;
    }
    let mut writer = Writer::new(out, BINDING_ERROR, &request.transaction);
    writer.error_code(420, "Unknown Attribute");
    writer.attribute(UNKNOWN_ATTRIBUTES, kinds.get(..length).unwrap_or_default());
    writer.finish(pwd)
}

/// Writes a check as a controlling client sends it; for tests, the load generator and the simulator.
///
/// `username` is "receiver's fragment:sender's fragment", `pwd` the receiver's password. Returns the length;
/// `out` must have [`REQUEST_MAX`] bytes, and 0 is returned if it is too short.
pub fn write_request(out: &mut [u8], transaction: &[u8; 12], username: &str, pwd: &[u8], use_candidate: bool) -> usize {
    let mut writer = Writer::new(out, BINDING_REQUEST, transaction);
    writer.attribute(USERNAME, username.as_bytes());
    // A peer-reflexive candidate's priority: type 110, local 65535, component 1 (RFC 8445 §5.1.2).
    writer.attribute(PRIORITY, &0x6eff_ffff_u32.to_be_bytes());
    // The tie breaker matters only between two full agents.
    writer.attribute(ICE_CONTROLLING, &[0; 8]);
    if use_candidate {
        writer.attribute(USE_CANDIDATE, &[]);
    }
    writer.finish(pwd)
}

/// Appends attributes to a message; what no longer fits makes the message 0 bytes long.
struct Writer<'a> {
    out: &'a mut [u8],
    length: usize,
    overflow: bool,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut [u8], kind: u16, transaction: &[u8; 12]) -> Self {
        let mut writer = Self { out, length: 0, overflow: false };
        writer.put(&kind.to_be_bytes());
        writer.put(&[0, 0]);
        writer.put(&MAGIC_COOKIE);
        writer.put(transaction);
        writer
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        match self.out.get_mut(self.length..end) {
            Some(slot) => {
                slot.copy_from_slice(bytes);
                self.length = end;
            }
            None => self.overflow = true,
        }
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.attribute_of(kind, value, &[]);
    }

    /// An attribute whose value is two pieces; padded to a multiple of four bytes.
    fn attribute_of(&mut self, kind: u16, first: &[u8], second: &[u8]) {
        let length = first.len() + second.len();
        self.put(&kind.to_be_bytes());
        self.put(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        self.put(first);
        self.put(second);
        let padding = length.next_multiple_of(4) - length;
        self.put([0; 3].get(..padding).unwrap_or_default());
    }

    /// RFC 8489 §14.2: port and address XORed with the magic cookie, an IPv6 address also with the transaction id.
    fn xor_mapped_address(&mut self, mapped: SocketAddr, transaction: &[u8; 12]) {
        let cookie = u32::from_be_bytes(MAGIC_COOKIE);
        let port = (u32::from(mapped.port()) ^ (cookie >> 16)).to_be_bytes();
        let [_, _, p0, p1] = port;
        // A dual-stack socket gives IPv4 peers as mapped addresses; the client knows itself by the plain one.
        match mapped.ip().to_canonical() {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = (u32::from(ip) ^ cookie).to_be_bytes();
                self.attribute(XOR_MAPPED_ADDRESS, &[0, 1, p0, p1, a, b, c, d]);
            }
            IpAddr::V6(ip) => {
                let mask = transaction.iter().fold(u128::from(cookie), |mask, byte| (mask << 8) | u128::from(*byte));
                let address = (u128::from(ip) ^ mask).to_be_bytes();
                self.attribute_of(XOR_MAPPED_ADDRESS, &[0, 2, p0, p1], &address);
            }
        }
    }

    /// RFC 8489 §14.8: hundreds in one byte, the rest in the next, then words for people.
    fn error_code(&mut self, code: u16, reason: &str) {
        let class = u8::try_from(code / 100).unwrap_or(u8::MAX);
        let number = u8::try_from(code % 100).unwrap_or(u8::MAX);
        let end = (0..=REASON_MAX.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
        let reason = reason.get(..end.unwrap_or(0)).unwrap_or_default();
        self.attribute_of(ERROR_CODE, &[0, 0, class, number], reason.as_bytes());
    }

    /// Closes the message with MESSAGE-INTEGRITY and FINGERPRINT; returns its length.
    fn finish(mut self, pwd: &[u8]) -> usize {
        let tag = self.out.get(..self.length).and_then(|covered| integrity(covered, pwd));
        self.attribute(MESSAGE_INTEGRITY, tag.as_ref().map(AsRef::as_ref).unwrap_or_default());
        self.set_length(self.length + 8);
        let check = fingerprint(self.out.get(..self.length).unwrap_or_default());
        self.attribute(FINGERPRINT, &check);
        if self.overflow { 0 } else { self.length }
    }

    /// Sets the header's length for a message of `total` bytes.
    fn set_length(&mut self, total: usize) {
        let body = u16::try_from(total.saturating_sub(HEADER)).unwrap_or(u16::MAX);
        if let Some(slot) = self.out.get_mut(2..4) {
            slot.copy_from_slice(&body.to_be_bytes());
        }
    }
}
