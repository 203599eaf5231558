//! What stands between a datagram and a media packet: which protocol it is, ICE-lite, DTLS, SRTP.
//!
//! `node.rs` calls [`classify`] on each datagram and then the one module that it names. Nothing here has a
//! socket or a clock; nothing makes state for an unauthenticated packet.

pub mod dtls;
pub mod srtp;
pub mod stun;

use std::net::{IpAddr, SocketAddr};

use crate::drops::DropReason;

/// Between whom a datagram goes. Neither address is ever an IPv4 address mapped into IPv6: `udp.rs` sees to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Our own address; unspecified leaves its choice to the kernel.
    pub local: IpAddr,
    /// The peer's address.
    pub remote: SocketAddr,
}

/// What a datagram on the media port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 8489.
    Stun,
    /// RFC 6347.
    Dtls,
    /// RTP, or SRTP.
    Rtp,
    /// RTCP, or SRTCP.
    Rtcp,
}

/// Tells a datagram's protocol by its first byte (RFC 7983 §7), RTP and RTCP apart by the second (RFC 5761 §4).
///
/// Errors: [`DropReason::UnknownProtocol`] for any other first byte (ZRTP, TURN channels) and for an empty
/// datagram, [`DropReason::RtpMalformed`] for RTP without a second byte.
pub fn classify(datagram: &[u8]) -> Result<Protocol, DropReason> {
    match datagram.first() {
        Some(0..=3) => Ok(Protocol::Stun),
        Some(20..=63) => Ok(Protocol::Dtls),
        Some(128..=191) => match datagram.get(1) {
            Some(192..=223) => Ok(Protocol::Rtcp),
            Some(_) => Ok(Protocol::Rtp),
            None => Err(DropReason::RtpMalformed),
        },
        _ => Err(DropReason::UnknownProtocol),
    }
}
