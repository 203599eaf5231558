//! Peers led by hand: a story sends single packets and looks at single packets. For what a model would hide.

use std::time::Duration;

use sfu::command::{Command, Direction};
use sfu::rtp::header::{Header, Outgoing};
use sfu::rtp::rtcp;

pub use crate::peer::{AUDIO_PT, PWD, RTX_PT, VIDEO_PT};
use crate::peers::EXTENSIONS;
use crate::publisher::ssrc;
pub use crate::publisher::video;
use crate::world::World;

/// The distance of two frames.
pub const FRAME: Duration = Duration::from_millis(33);

impl World {
    /// A publisher of one VP8 track with RTX (SSRC 1000 × track).
    pub fn publisher(&mut self, track: u64) -> usize {
        let peer = self.connect(Direction::Up);
        let conn = self.peers[peer].conn;
        self.command(Command::Receive { conn, tracks: vec![video(track)], extensions: EXTENSIONS });
        peer
    }

    /// A watcher of `slots` picture slots (SSRC 7000 + slot, RTX 8000 + slot).
    pub fn watcher(&mut self, slots: u32) -> usize {
        let peer = self.connect(Direction::Down);
        self.offer_slots(peer, slots, 0);
        peer
    }

    /// One publisher of track 1, one watcher with one slot that shows it, and a key frame that opened the slot.
    ///
    /// # Panics
    /// When the watcher did not get it.
    pub fn on_the_air() -> (Self, usize, usize) {
        let mut world = Self::new();
        let (publisher, watcher) = (world.publisher(1), world.watcher(1));
        world.assign(watcher, 0, Some(1));
        world.send_rtp(publisher, &outgoing(1, 100), &vp8(true, 100, 1));
        assert_eq!(world.peers[watcher].rtp.len(), 1);
        assert!(world.refusals().is_empty(), "{:?}", world.refusals());
        (world, publisher, watcher)
    }

    /// Delta frames of one packet each, at their distance.
    pub fn play(&mut self, publisher: usize, track: u64, sequences: std::ops::Range<u16>) {
        for sequence in sequences {
            self.run(FRAME);
            self.send_rtp(publisher, &outgoing(track, sequence), &vp8(false, sequence, track as u8));
        }
    }

    /// The sequence numbers that arrived at a watcher, in order of arrival.
    pub fn sequences(&self, watcher: usize) -> Vec<u16> {
        self.peers[watcher].rtp.iter().map(|packet| read(packet).0.sequence).collect()
    }

    /// Sends a sealed RTP packet of the peer.
    pub fn send_rtp(&mut self, peer: usize, header: &Outgoing<'_>, payload: &[u8]) {
        let sealed = self.seal_rtp(peer, header, payload);
        self.send_sealed(peer, sealed, None);
        self.settle();
    }

    /// A sealed RTP packet of the peer, not sent.
    pub fn seal_rtp(&mut self, peer: usize, header: &Outgoing<'_>, payload: &[u8]) -> Vec<u8> {
        self.peers[peer].seal_rtp(header, payload)
    }

    /// Sends a sealed RTCP compound of the peer.
    pub fn send_rtcp(&mut self, peer: usize, compound: &[u8]) {
        let sealed = self.peers[peer].seal_rtcp(compound);
        self.send_sealed(peer, sealed, None);
        self.settle();
    }

    /// How often the peer was asked for a key frame, from its RTCP.
    ///
    /// # Panics
    /// On RTCP that does not read.
    pub fn keyframes_asked(&self, peer: usize) -> usize {
        let mut count = 0;
        for compound in &self.peers[peer].rtcp {
            rtcp::parse(compound, |report| count += usize::from(matches!(report, rtcp::Report::Keyframe { .. })))
                .expect("RTCP");
        }
        count
    }
}

/// A VP8 frame in one packet: its picture id is its number, its payload tells the track.
pub fn vp8(keyframe: bool, picture: u16, track: u8) -> Vec<u8> {
    let id = (0x8000 | (picture & 0x7FFF)).to_be_bytes();
    vec![0x90, 0xE0, id[0], id[1], picture as u8, 0, if keyframe { 0x10 } else { 0x11 }, track, picture as u8]
}

/// The header of a frame in one packet; its timestamp is 3000 × its number.
pub fn outgoing(track: u64, sequence: u16) -> Outgoing<'static> {
    Outgoing {
        marker: true,
        payload_type: VIDEO_PT,
        sequence,
        timestamp: u32::from(sequence) * 3000,
        ssrc: ssrc(track),
        ..Outgoing::default()
    }
}

/// Header and payload of an arrived packet.
///
/// # Panics
/// On a packet that does not read.
pub fn read(packet: &[u8]) -> (Header, &[u8]) {
    let header = Header::parse(packet).expect("an RTP packet");
    let payload = &packet[header.payload.clone()];
    (header, payload)
}
