//! A peer's transport, made of the engine's own parts: ICE checks, DTLS as a client, SRTP. What it does with media is its `Role`.

use std::net::SocketAddr;

use sfu::rtp::header::Outgoing;
use sfu::transport::dtls::{Certificate, Dtls};
use sfu::transport::srtp::{Opener, Sealer};
use sfu::transport::stun;

use crate::link::Link;
use crate::publisher::Publisher;
use crate::viewer::Viewer;

/// The node's ICE password for everyone.
pub const PWD: &str = "0123456789abcdef0123456789";
/// VP8.
pub const VIDEO_PT: u8 = 96;
/// Its retransmissions.
pub const RTX_PT: u8 = 97;
/// H.264.
pub const H264_PT: u8 = 102;
/// Its retransmissions.
pub const H264_RTX_PT: u8 = 103;
/// Opus.
pub const AUDIO_PT: u8 = 111;

/// The header extensions' ids, in both directions.
pub const MID_EXTENSION: u8 = 1;
/// When a packet left.
pub const SEND_TIME_EXTENSION: u8 = 2;
/// How loud a voice is.
pub const LEVEL_EXTENSION: u8 = 3;
/// Which layer a packet is of.
pub const RID_EXTENSION: u8 = 4;
/// How a camera is held.
pub const ORIENTATION_EXTENSION: u8 = 6;
/// Which layer a packet repairs.
pub const REPAIRED_RID_EXTENSION: u8 = 5;

/// Who acts for a peer.
pub enum Role {
    /// The story, packet by packet; what arrives is kept in `rtp` and `rtcp`.
    Hand,
    /// A publisher's model.
    Publisher(Box<Publisher>),
    /// A viewer's model.
    Viewer(Box<Viewer>),
}

/// A peer of the node.
pub struct Peer {
    /// The connection's number.
    pub conn: u64,
    /// Where it is now; a story may move it.
    pub address: SocketAddr,
    /// Where it was at first.
    pub(crate) home: SocketAddr,
    /// The node's user fragment for it.
    pub ufrag: String,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its handshake, once begun.
    pub dtls: Option<Dtls>,
    /// Its keys, once the handshake is done.
    pub srtp: Option<(Sealer, Opener)>,
    /// Media that arrived at a peer without a model, as plaintext packets.
    pub rtp: Vec<Vec<u8>>,
    /// RTCP that arrived at a peer without a model, as plaintext compounds.
    pub rtcp: Vec<Vec<u8>>,
    /// To the node.
    pub up: Link,
    /// From the node.
    pub down: Link,
    pub(crate) role: Role,
    transaction: u64,
}

impl Peer {
    /// A peer that has sent nothing.
    ///
    /// # Panics
    /// Where the cryptography library cannot make a certificate.
    pub fn new(index: usize, up: Link, down: Link) -> Self {
        let [.., high, low] = (index + 1).to_be_bytes();
        let home = SocketAddr::from(([10, 0, high, low], 5000));
        Self {
            conn: index as u64 + 1,
            address: home,
            home,
            ufrag: format!("ufrag{}", index + 1),
            certificate: Certificate::generate().expect("a certificate"),
            dtls: None,
            srtp: None,
            rtp: Vec::new(),
            rtcp: Vec::new(),
            up,
            down,
            role: Role::Hand,
            transaction: 0,
        }
    }

    /// The next binding request, nominating.
    pub fn check(&mut self) -> Vec<u8> {
        let mut out = vec![0; stun::REQUEST_MAX];
        self.transaction += 1;
        let mut transaction = [self.conn as u8; 12];
        transaction[..8].copy_from_slice(&self.transaction.to_be_bytes());
        let user = format!("{}:peer", self.ufrag);
        let length = stun::write_request(&mut out, &transaction, &user, PWD.as_bytes(), true);
        out.truncate(length);
        out
    }

    /// A sealed RTP packet.
    ///
    /// # Panics
    /// Before the handshake is done, or when a number is sealed twice.
    pub fn seal_rtp(&mut self, header: &Outgoing<'_>, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        let mut out = vec![0; bytes.len() + payload.len() + sfu::transport::srtp::RTP_OVERHEAD_MAX];
        let sealer = &mut self.srtp.as_mut().expect("keys").0;
        let length = sealer.seal_rtp(&bytes, payload, &mut out).expect("a fresh number");
        out.truncate(length);
        out
    }

    /// A sealed RTCP compound.
    ///
    /// # Panics
    /// Before the handshake is done.
    pub fn seal_rtcp(&mut self, compound: &[u8]) -> Vec<u8> {
        let mut out = vec![0; compound.len() + sfu::transport::srtp::RTCP_OVERHEAD_MAX];
        let length = self.srtp.as_mut().expect("keys").0.seal_rtcp(compound, &mut out).expect("a compound");
        out.truncate(length);
        out
    }
}
