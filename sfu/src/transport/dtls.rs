//! DTLS 1.2 over dimpl: the handshake that proves the peer's certificate and gives the SRTP keys (RFC 5764).
//!
//! `node.rs` feeds datagrams and time, and polls until [`DtlsOutput::Timeout`]. The peer's certificate is compared
//! with the signalled fingerprint as soon as it arrives, so keys exist only for the peer that was announced.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use dimpl::{Config, DtlsCertificate, Output, SrtpProfile};

use super::srtp::{KeyingMaterial, Profile};
use crate::drops::DropReason;
use crate::rtp::bytes::u16_at;

/// First retransmission as DTLS server. Browsers repeat their own flights after 50 ms, and a lost datagram should cost no more.
const SERVER_START_RTO: Duration = Duration::from_millis(50);
/// As client: who lets us be it is FFmpeg, which sleeps 50 ms before each flight, and whose sending stalls for good when a
/// repeated flight comes after the handshake.
const CLIENT_START_RTO: Duration = Duration::from_millis(250);
/// Doubling from 50 ms these reach past the handshake's end, which therefore decides.
const FLIGHT_RETRIES: usize = 8;
/// From the first flight to the end (security.md: 10 s).
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest datagram that we send; dimpl's default, safe on every path.
const MTU: usize = 1150;
/// Datagrams of the peer that wait for what is missing before them: a flight in pieces and a repeated one. Pieces that never
/// become whole hold 6.5 kB each (measured).
const REASSEMBLY: usize = 16;
/// Holds any datagram of ours and nearly every certificate; grows for a longer one.
const SCRATCH: usize = 2048;

/// When there is nothing to wait for: far enough never to come, near enough for every clock.
const IDLE: Duration = Duration::from_secs(365 * 24 * 3600);

/// `poll`'s buffer must have this many bytes.
pub const DATAGRAM_MAX: usize = MTU;

/// How a handshake goes that repeats its first flight after `start_rto`.
fn configure(start_rto: Duration) -> Result<Arc<Config>, String> {
    Config::builder()
        .mtu(MTU)
        .max_queue_rx(REASSEMBLY)
        // The STUN check has already proven the address, so a cookie would only cost a round trip.
        .use_server_cookie(false)
        .flight_start_rto(start_rto)
        .flight_retries(FLIGHT_RETRIES)
        .handshake_timeout(HANDSHAKE_TIMEOUT)
        .build()
        .map(Arc::new)
        .map_err(|error| format!("cannot set up DTLS: {error}"))
}

/// The engine's certificate, made once a run and shared by all connections.
#[derive(Clone)]
pub struct Certificate {
    pair: DtlsCertificate,
    server: Arc<Config>,
    client: Arc<Config>,
    fingerprint: Fingerprint,
}

impl Certificate {
    /// Makes a key (ECDSA, P-256) and a self-signed certificate.
    ///
    /// Errors: why the cryptography library could not, in words.
    pub fn generate() -> Result<Self, String> {
        let pair = dimpl::certificate::generate_self_signed_certificate()
            .map_err(|error| format!("cannot make the DTLS certificate: {error}"))?;
        let fingerprint = Fingerprint::of(&pair.certificate);
        Ok(Self { pair, server: configure(SERVER_START_RTO)?, client: configure(CLIENT_START_RTO)?, fingerprint })
    }

    /// SHA-256 of the certificate, for `a=fingerprint:sha-256`.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// SHA-256 of a certificate in DER. Shown as SDP writes it, in upper-case pairs with colons.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    fn of(certificate: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, certificate).as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_char(':')?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// Accepts 64 hexadecimal digits in either case, with or without a colon after each pair.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut bytes = [0; 32];
        let mut digits = text.chars().filter(|c| *c != ':');
        for (i, byte) in bytes.iter_mut().enumerate() {
            for _ in 0..2 {
                let digit = digits.next().ok_or_else(|| {
                    format!("the fingerprint ends after {i} bytes; SHA-256 has 32, as AB:CD:… in hexadecimal")
                })?;
                let value = digit.to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or_else(|| {
                    format!("the fingerprint has {digit:?} in byte {}; only 0-9, A-F and colons may be there", i + 1)
                })?;
                *byte = (*byte << 4) | value;
            }
        }
        match digits.next() {
            Some(_) => Err("the fingerprint has more than the 32 bytes of SHA-256".into()),
            None => Ok(Self(bytes)),
        }
    }
}

/// A record's header: content type, version, epoch, sequence number, length. Source: RFC 6347 §4.1.
const RECORD_HEADER: usize = 13;

/// Checks that a datagram is whole DTLS records, which dimpl passes over in silence when they are not.
///
/// Errors: `DtlsMalformed`. What the records hold is not looked at.
pub fn check_records(datagram: &[u8]) -> Result<(), DropReason> {
    let mut rest = datagram;
    while !rest.is_empty() {
        // Content types change_cipher_spec to tls12_cid (RFC 9146 §4), versions DTLS 1.0 and 1.2.
        let known = matches!(rest.get(..3), Some([20..=25, 0xFE, 0xFF | 0xFD]));
        let length = u16_at(rest, RECORD_HEADER - 2).filter(|_| known).ok_or(DropReason::DtlsMalformed)?;
        rest = rest.get(RECORD_HEADER + usize::from(length)..).ok_or(DropReason::DtlsMalformed)?;
    }
    Ok(())
}

/// Who begins: `a=setup:active` is the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtlsRole {
    /// We send the ClientHello.
    Client,
    /// We wait for it.
    Server,
}

/// What [`Dtls::poll`] wants done.
pub enum DtlsOutput<'a> {
    /// Send this to the peer.
    Datagram(&'a [u8]),
    /// The handshake is done and the certificate is the announced one. Comes once.
    Established(Box<Established>),
    /// The peer has closed the connection. Comes once.
    Closed,
    /// Nothing more now; call [`Dtls::handle_timeout`] at this time (a year or more ahead when there is nothing to wait for).
    Timeout(Instant),
}

/// What a finished handshake gives.
pub struct Established {
    /// The SRTP master keys of both directions.
    pub keys: KeyingMaterial,
    /// The peer's certificate: the one that was expected.
    pub peer: Fingerprint,
}

/// Why a handshake, or a connection after it, failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DtlsError {
    /// The peer's certificate is not the announced one.
    Fingerprint {
        /// From the peer's description.
        expected: Fingerprint,
        /// Of the certificate that it showed.
        presented: Fingerprint,
    },
    /// The handshake failed, with dimpl's reason.
    Handshake(String),
    /// The peer offers no SRTP profile that we have.
    NoSrtp,
    /// An error in an established connection. The media keys stay good: count it and go on.
    Established(String),
}

impl DtlsError {
    /// Whether the connection can never carry media: all but [`DtlsError::Established`].
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Established(_))
    }
}

impl fmt::Display for DtlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint { expected, presented } => {
                write!(
                    f,
                    "the fingerprint of the peer's certificate is {presented}, its description announced {expected}"
                )
            }
            Self::Handshake(reason) => write!(f, "the DTLS handshake failed: {reason}"),
            Self::NoSrtp => f.write_str("the peer offers no SRTP profile; AES-GCM or AES128_CM_SHA1_80 would be right"),
            Self::Established(reason) => write!(f, "DTLS after the handshake: {reason}"),
        }
    }
}

impl std::error::Error for DtlsError {}

/// An item for [`Dtls::poll`].
enum Event {
    Datagram(Vec<u8>),
    Established(Box<Established>),
    Closed,
}

/// One connection's DTLS.
pub struct Dtls {
    inner: dimpl::Dtls,
    role: DtlsRole,
    expected: Fingerprint,
    peer: Option<Fingerprint>,
    established: bool,
    failed: Option<DtlsError>,
    events: VecDeque<Event>,
    now: Instant,
    deadline: Instant,
}

impl Dtls {
    /// Begins; a client has its first flight to send at once. An error of the beginning is returned by the next call.
    pub fn new(certificate: &Certificate, role: DtlsRole, expected: Fingerprint, now: Instant) -> Self {
        let config = if role == DtlsRole::Client { &certificate.client } else { &certificate.server };
        let mut inner = dimpl::Dtls::new_12(config.clone(), certificate.pair.clone(), now);
        inner.set_active(role == DtlsRole::Client);
        let mut dtls = Self {
            inner,
            role,
            expected,
            peer: None,
            established: false,
            failed: None,
            events: VecDeque::new(),
            now,
            deadline: now + IDLE,
        };
        // Before its first time-out a server of dimpl's panics on a ClientHello.
        let _ = dtls.handle_timeout(now);
        dtls
    }

    /// Takes a datagram. Noise (truncated, replayed, unauthenticated records) is no error.
    ///
    /// Errors: as [`DtlsError`] says; after a fatal one every call returns it again.
    pub fn handle_datagram(&mut self, datagram: &[u8], now: Instant) -> Result<(), DtlsError> {
        self.handle_timeout(now)?;
        let result = self.inner.handle_packet(datagram);
        self.after(result)
    }

    /// Lets time pass: repeats flights, ends a handshake that takes more than 10 s.
    ///
    /// Errors: as [`Dtls::handle_datagram`].
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.now = now;
        let result = self.inner.handle_timeout(now);
        self.after(result)
    }

    /// The next thing to do, until [`DtlsOutput::Timeout`]. `buffer` must have [`DATAGRAM_MAX`] bytes.
    pub fn poll<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        match self.events.pop_front() {
            Some(Event::Datagram(datagram)) => match buffer.get_mut(..datagram.len()) {
                Some(slot) => {
                    slot.copy_from_slice(&datagram);
                    DtlsOutput::Datagram(slot)
                }
                None => DtlsOutput::Timeout(self.deadline),
            },
            Some(Event::Established(established)) => DtlsOutput::Established(established),
            Some(Event::Closed) => DtlsOutput::Closed,
            None => DtlsOutput::Timeout(self.deadline),
        }
    }

    /// Queues a close_notify if the handshake was done; poll for it.
    pub fn close(&mut self) {
        if self.failed.is_none() {
            let result = self.inner.close();
            // A close that fails leaves nothing to be done: the peer times out.
            let _ = self.after(result);
        }
    }

    /// Takes what a call of dimpl has made, then says what that call's error means.
    fn after(&mut self, result: Result<(), dimpl::Error>) -> Result<(), DtlsError> {
        let drained = self.drain();
        let result = match result {
            Err(error) if self.established => Err(DtlsError::Established(error.to_string())),
            Err(error) => Err(DtlsError::Handshake(error.to_string())),
            Ok(()) => Ok(()),
        };
        let result = drained.and(result);
        if let Err(error) = &result
            && error.is_fatal()
        {
            self.events.clear();
            self.deadline = self.now + IDLE;
            self.failed = Some(error.clone());
        }
        result
    }

    /// Empties dimpl's queue into ours, so that a wrong certificate stops everything behind it.
    fn drain(&mut self) -> Result<(), DtlsError> {
        let mut scratch = vec![0; SCRATCH];
        let mut connected = false;
        loop {
            match self.inner.poll_output(&mut scratch) {
                Output::Packet(datagram) => self.events.push_back(Event::Datagram(datagram.to_vec())),
                Output::BufferTooSmall { needed } => scratch.resize(needed, 0),
                Output::PeerCert(certificate) => {
                    let presented = Fingerprint::of(certificate);
                    self.check(presented)?;
                }
                Output::Connected => connected = true,
                Output::KeyingMaterial(exported, profile) => self.establish(&exported, profile)?,
                Output::CloseNotify => self.events.push_back(Event::Closed),
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    break;
                }
                // Application data: there are no data channels.
                _ => {}
            }
        }
        if connected && !self.established { Err(DtlsError::NoSrtp) } else { Ok(()) }
    }

    fn check(&mut self, presented: Fingerprint) -> Result<(), DtlsError> {
        if presented != self.expected {
            return Err(DtlsError::Fingerprint { expected: self.expected, presented });
        }
        self.peer = Some(presented);
        Ok(())
    }

    fn establish(&mut self, exported: &[u8], profile: SrtpProfile) -> Result<(), DtlsError> {
        let profile = match profile {
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
            SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
            _ => return Err(DtlsError::NoSrtp),
        };
        let peer = self.peer.ok_or_else(|| DtlsError::Handshake("the peer showed no certificate".into()))?;
        let keys =
            KeyingMaterial::new(profile, exported, self.role == DtlsRole::Client).map_err(DtlsError::Handshake)?;
        self.established = true;
        self.events.push_back(Event::Established(Box::new(Established { keys, peer })));
        Ok(())
    }
}
