//! STUN as an ICE-lite agent needs it (RFC 8489, RFC 8445): binding requests in, responses out.
//!
//! `node.rs` parses a request, finds the connection by its `local_ufrag`, verifies it with that connection's
//! password, and only then makes state or answers. ICE-lite never sends a check of its own;
//! [`write_request`] is for tests, the load generator and the simulator. Messages are written in `write.rs`.

mod write;

use aws_lc_rs::{constant_time, hmac};

pub use self::write::{REQUEST_MAX, RESPONSE_MAX, write_error, write_request, write_success, write_unknown_attributes};
use crate::drops::DropReason;

const HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: u16 = 0x0001;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;

/// Attributes below this must be understood, or the request is answered with 420 (RFC 8489 §6.3.1).
const COMPREHENSION_OPTIONAL: u16 = 0x8000;
/// Those that we understand or may ignore in a binding request: RFC 8489 §18.3 and RFC 8445 §16.1.
const COMPREHENDED: [u16; 13] = [
    0x0001,
    USERNAME,
    MESSAGE_INTEGRITY,
    ERROR_CODE,
    UNKNOWN_ATTRIBUTES,
    0x0014,
    0x0015,
    0x001c,
    0x001d,
    0x001e,
    XOR_MAPPED_ADDRESS,
    PRIORITY,
    USE_CANDIDATE,
];

/// The value's length of HMAC-SHA1; the attribute's is 4 more.
const INTEGRITY_LEN: usize = 20;
/// RFC 8489 §14.7.
const FINGERPRINT_XOR: u32 = 0x5354_554e;
/// A binding request whose lengths add up; nothing in it is proven before [`BindingRequest::verify`].
#[derive(Debug)]
pub struct BindingRequest<'a> {
    /// Random to the client, repeated in the response.
    pub transaction: [u8; 12],
    /// The receiver's user fragment, ours: the part of USERNAME before the colon.
    pub local_ufrag: &'a str,
    /// The sender's user fragment: the part after the colon.
    pub remote_ufrag: &'a str,
    /// The client nominates this pair.
    pub use_candidate: bool,
    /// The client takes itself for controlled, which towards an ICE-lite agent is a role conflict: answer 487.
    pub controlled: bool,
    /// It has an attribute that must be understood and is not: answer with [`write_unknown_attributes`].
    pub unknown: bool,
    datagram: &'a [u8],
    /// Where MESSAGE-INTEGRITY begins.
    integrity: Option<usize>,
    /// Where FINGERPRINT begins: it is the last attribute.
    fingerprint: Option<usize>,
}

impl<'a> BindingRequest<'a> {
    /// Reads a request's attributes, in one pass and without copying.
    ///
    /// Errors: [`DropReason::StunMalformed`], [`DropReason::StunNotRequest`], and
    /// [`DropReason::StunUnknownUser`] when USERNAME is missing or is not two fragments.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, DropReason> {
        let (kind, transaction) = parse_header(datagram)?;
        if kind != BINDING_REQUEST {
            return Err(DropReason::StunNotRequest);
        }
        let mut request = Self {
            transaction,
            local_ufrag: "",
            remote_ufrag: "",
            use_candidate: false,
            controlled: false,
            unknown: false,
            datagram,
            integrity: None,
            fingerprint: None,
        };
        for attribute in Attributes::new(datagram) {
            request.take(&attribute?)?;
        }
        if request.local_ufrag.is_empty() {
            return Err(DropReason::StunUnknownUser);
        }
        Ok(request)
    }

    /// Takes one attribute. What follows MESSAGE-INTEGRITY is not protected and is ignored (RFC 8489 §14.5).
    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), DropReason> {
        if self.fingerprint.is_some() {
            return Err(DropReason::StunMalformed);
        }
        match attribute.kind {
            FINGERPRINT => self.fingerprint = Some(attribute.at),
            _ if self.integrity.is_some() => {}
            MESSAGE_INTEGRITY => self.integrity = Some(attribute.at),
            USERNAME if self.local_ufrag.is_empty() => {
                (self.local_ufrag, self.remote_ufrag) = fragments(attribute.value)?;
            }
            USE_CANDIDATE => self.use_candidate = true,
            ICE_CONTROLLED => self.controlled = true,
            kind if must_be_known(kind) => self.unknown = true,
            _ => {}
        }
        Ok(())
    }

    /// Checks MESSAGE-INTEGRITY (HMAC-SHA1, in constant time), and FINGERPRINT if it is there.
    ///
    /// Errors: [`DropReason::StunIntegrity`] when either is wrong, or MESSAGE-INTEGRITY is missing.
    pub fn verify(&self, pwd: &[u8]) -> Result<(), DropReason> {
        if let Some(at) = self.fingerprint {
            let (covered, attribute) = self.datagram.split_at_checked(at).ok_or(DropReason::StunIntegrity)?;
            if attribute.get(4..) != Some(&fingerprint(covered)) {
                return Err(DropReason::StunIntegrity);
            }
        }
        let at = self.integrity.ok_or(DropReason::StunIntegrity)?;
        let (covered, rest) = self.datagram.split_at_checked(at).ok_or(DropReason::StunIntegrity)?;
        let claimed = rest.get(4..4 + INTEGRITY_LEN).ok_or(DropReason::StunIntegrity)?;
        let expected = integrity(covered, pwd).ok_or(DropReason::StunIntegrity)?;
        constant_time::verify_slices_are_equal(expected.as_ref(), claimed).map_err(|_| DropReason::StunIntegrity)
    }
}

/// The message type and the transaction id of a message whose header is right.
fn parse_header(datagram: &[u8]) -> Result<(u16, [u8; 12]), DropReason> {
    let (header, attributes) = datagram.split_first_chunk::<HEADER>().ok_or(DropReason::StunMalformed)?;
    let [k0, k1, l0, l1, c0, c1, c2, c3, transaction @ ..] = *header;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if k0 > 3 || [c0, c1, c2, c3] != MAGIC_COOKIE || length != attributes.len() || !length.is_multiple_of(4) {
        return Err(DropReason::StunMalformed);
    }
    Ok((u16::from_be_bytes([k0, k1]), transaction))
}

struct Attribute<'a> {
    kind: u16,
    value: &'a [u8],
    /// Offset of the attribute's header in the datagram.
    at: usize,
}

/// Walks the attributes behind a header that [`parse_header`] has accepted; ends after the first error.
struct Attributes<'a> {
    datagram: &'a [u8],
    at: usize,
}

impl<'a> Attributes<'a> {
    fn new(datagram: &'a [u8]) -> Self {
        Self { datagram, at: HEADER }
    }

    fn read(&self) -> Option<(Attribute<'a>, usize)> {
        let rest = self.datagram.get(self.at..)?;
        let (&[k0, k1, l0, l1], body) = rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let kind = u16::from_be_bytes([k0, k1]);
        let fixed = match kind {
            MESSAGE_INTEGRITY => Some(INTEGRITY_LEN),
            FINGERPRINT => Some(4),
            _ => None,
        };
        if fixed.is_some_and(|fixed| fixed != length) {
            return None;
        }
        let padded = length.next_multiple_of(4);
        body.get(..padded)?;
        let attribute = Attribute { kind, value: body.get(..length)?, at: self.at };
        Some((attribute, self.at + 4 + padded))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, DropReason>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.datagram.len() {
            return None;
        }
        let Some((attribute, next)) = self.read() else {
            self.at = self.datagram.len();
            return Some(Err(DropReason::StunMalformed));
        };
        self.at = next;
        Some(Ok(attribute))
    }
}

fn must_be_known(kind: u16) -> bool {
    kind < COMPREHENSION_OPTIONAL && !COMPREHENDED.contains(&kind)
}

/// USERNAME of a check is the receiver's fragment, a colon, the sender's (RFC 8445 §7.2.2).
fn fragments(username: &[u8]) -> Result<(&str, &str), DropReason> {
    let text = std::str::from_utf8(username).map_err(|_| DropReason::StunUnknownUser)?;
    match text.split_once(':') {
        Some((local, remote)) if !local.is_empty() && !remote.is_empty() => Ok((local, remote)),
        _ => Err(DropReason::StunUnknownUser),
    }
}

/// HMAC-SHA1 of all before MESSAGE-INTEGRITY, with the length as if that were the last attribute (RFC 8489 §14.5).
fn integrity(covered: &[u8], pwd: &[u8]) -> Option<hmac::Tag> {
    let length = u16::try_from(covered.len().checked_sub(HEADER)? + 4 + INTEGRITY_LEN).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, pwd);
    let mut context = hmac::Context::with_key(&key);
    context.update(covered.get(..2)?);
    context.update(&length.to_be_bytes());
    context.update(covered.get(4..)?);
    Some(context.sign())
}

/// CRC-32 of all before FINGERPRINT, whose length is in the header already.
fn fingerprint(covered: &[u8]) -> [u8; 4] {
    (crc32fast::hash(covered) ^ FINGERPRINT_XOR).to_be_bytes()
}

/// Transaction ids remembered for one user fragment: at a check every 2.5 s, ten minutes of one client.
const TRANSACTIONS: usize = 256;

/// The transaction ids that one user fragment's requests had lately: what is replayed moves nothing.
pub struct Transactions {
    ids: Box<[[u8; 12]; TRANSACTIONS]>,
    /// How many of `ids` are set.
    used: usize,
    /// Where the next id goes, over the oldest.
    next: usize,
}

impl Transactions {
    /// None seen yet.
    pub fn new() -> Self {
        Self { ids: Box::new([[0; 12]; TRANSACTIONS]), used: 0, next: 0 }
    }

    /// Remembers `id`; `true` when it is new. Call it for verified requests only.
    pub fn insert(&mut self, id: &[u8; 12]) -> bool {
        if self.ids.iter().take(self.used).any(|seen| seen == id) {
            return false;
        }
        if let Some(slot) = self.ids.get_mut(self.next) {
            *slot = *id;
        }
        self.next = (self.next + 1) % TRANSACTIONS;
        self.used = (self.used + 1).min(TRANSACTIONS);
        true
    }
}

impl Default for Transactions {
    fn default() -> Self {
        Self::new()
    }
}
