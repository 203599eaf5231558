//! Peers of a world: how they connect, publish and watch. Connecting goes over links that do nothing yet; conditions come after.

use std::time::Duration;

use sfu::command::{Codec, Command, Direction, Event, Extensions, Kind, SendCodec, SendSlot, Setup};
use sfu::transport::dtls::{Dtls, DtlsOutput, DtlsRole};

use crate::link::Link;
use crate::peer::{
    AUDIO_PT, H264_PT, H264_RTX_PT, LEVEL_EXTENSION, MID_EXTENSION, ORIENTATION_EXTENSION, PWD, Peer,
    REPAIRED_RID_EXTENSION, RID_EXTENSION, RTX_PT, Role, SEND_TIME_EXTENSION, VIDEO_PT,
};
use crate::publisher::{Media, Publisher};
use crate::viewer::{Screen, Viewer};
use crate::world::World;

/// The header extensions of every connection.
pub const EXTENSIONS: Extensions = Extensions {
    mid: Some(MID_EXTENSION),
    rid: Some(RID_EXTENSION),
    repaired_rid: Some(REPAIRED_RID_EXTENSION),
    transport_cc: None,
    abs_send_time: Some(SEND_TIME_EXTENSION),
    audio_level: Some(LEVEL_EXTENSION),
    video_orientation: Some(ORIENTATION_EXTENSION),
};
/// A voice's slot has this number and its index more.
pub const VOICES: u32 = 100;

/// A picture slot's SSRC.
pub(crate) fn slot_ssrc(slot: u32) -> u32 {
    if slot >= VOICES { 6000 + slot - VOICES } else { 7000 + slot }
}

/// The SSRC of a picture slot's retransmissions.
pub(crate) fn slot_rtx(slot: u32) -> u32 {
    8000 + slot
}

impl World {
    /// Opens a connection for a new peer and returns the peer's number; nothing has been sent.
    pub fn open(&mut self, direction: Direction) -> usize {
        let index = self.peers.len();
        let peer = Peer::new(index, Link::new(self.random.fork()), Link::new(self.random.fork()));
        let (conn, ufrag) = (peer.conn, peer.ufrag.clone());
        self.peers.push(peer);
        self.command(Command::Open { conn, direction, ufrag, pwd: PWD.into() });
        index
    }

    /// Tells the node of the peer's description, as a browser's answer would.
    pub fn remote(&mut self, peer: usize) {
        let fingerprint = self.peers[peer].certificate.fingerprint();
        let conn = self.peers[peer].conn;
        self.command(Command::Remote { conn, ufrag: "peer".into(), setup: Setup::Passive, fingerprint });
    }

    /// A binding request of the peer, nominating.
    pub fn check(&mut self, peer: usize) {
        let request = self.peers[peer].check();
        self.send_sealed(peer, request, None);
        self.settle();
    }

    /// ICE and DTLS to the end.
    ///
    /// # Panics
    /// When the handshake does not end.
    pub fn connect(&mut self, direction: Direction) -> usize {
        let peer = self.open(direction);
        self.remote(peer);
        self.handshake(peer);
        assert!(self.peers[peer].srtp.is_some(), "the handshake did not end");
        peer
    }

    /// ICE and DTLS, as far as they go in 200 ms; the peer is DTLS client, unless the story has made it something else.
    pub fn handshake(&mut self, peer: usize) {
        self.check(peer);
        let (this, fingerprint, now) = (&mut self.peers[peer], self.fingerprint, self.now);
        let (dtls, certificate) = (&mut this.dtls, &this.certificate);
        dtls.get_or_insert_with(|| Dtls::new(certificate, DtlsRole::Client, fingerprint, now));
        for _ in 0..60 {
            self.drive_dtls(peer);
            self.run(Duration::from_millis(10));
            if self.peers[peer].srtp.is_some() {
                self.run(Duration::from_millis(20));
                break;
            }
        }
    }

    pub(crate) fn drive_dtls(&mut self, peer: usize) {
        let mut buffer = [0; sfu::transport::dtls::DATAGRAM_MAX];
        loop {
            let this = &mut self.peers[peer];
            let Some(dtls) = &mut this.dtls else { return };
            let _ = dtls.handle_timeout(self.now);
            match dtls.poll(&mut buffer) {
                DtlsOutput::Datagram(datagram) => {
                    let datagram = datagram.to_vec();
                    self.send_sealed(peer, datagram, None);
                }
                DtlsOutput::Established(established) => {
                    let (sealer, opener) = (&established.keys, &established.keys);
                    this.srtp =
                        Some((sfu::transport::srtp::Sealer::new(sealer), sfu::transport::srtp::Opener::new(opener)));
                }
                DtlsOutput::Closed | DtlsOutput::Timeout(_) => return,
            }
        }
    }

    /// A peer that publishes from now on.
    pub fn publish(&mut self, media: Vec<Media>) -> usize {
        let peer = self.connect(Direction::Up);
        let conn = self.peers[peer].conn;
        let tracks = media.iter().map(Media::negotiated).collect();
        self.command(Command::Receive { conn, tracks, extensions: EXTENSIONS });
        let publisher = Publisher::new(media, self.wall, &mut self.random, self.now);
        self.peers[peer].role = Role::Publisher(Box::new(publisher));
        self.wake(peer);
        peer
    }

    /// A peer that watches as many pictures and hears as many voices, all empty yet.
    pub fn watch(&mut self, pictures: u32, voices: u32) -> usize {
        let peer = self.connect(Direction::Down);
        self.offer_slots(peer, pictures, voices);
        let screens: Vec<_> = (0..pictures).map(|slot| (slot_ssrc(slot), slot_rtx(slot))).collect();
        let voices: Vec<_> = (0..voices).map(|voice| slot_ssrc(VOICES + voice)).collect();
        self.peers[peer].role = Role::Viewer(Box::new(Viewer::new(&screens, &voices, self.now)));
        self.wake(peer);
        peer
    }

    /// Describes slots to the node: pictures are slots 0 and up, voices 100 and up.
    pub(crate) fn offer_slots(&mut self, peer: usize, pictures: u32, voices: u32) {
        self.describe_slots(peer, pictures, voices, EXTENSIONS);
    }

    /// The same for a receiver that took these extensions.
    pub fn describe_slots(&mut self, peer: usize, pictures: u32, voices: u32, extensions: Extensions) {
        let conn = self.peers[peer].conn;
        let slots = (0..pictures).chain(VOICES..VOICES + voices).map(slot).collect();
        let picture = |(codec, payload_type, repair)| SendCodec {
            codec,
            payload_type,
            clock_rate: 90_000,
            rtx_payload_type: Some(repair),
            nack: true,
        };
        let mut codecs: Vec<_> =
            [(Codec::Vp8, VIDEO_PT, RTX_PT), (Codec::H264, H264_PT, H264_RTX_PT)].map(picture).into();
        codecs.push(SendCodec {
            codec: Codec::Opus,
            payload_type: AUDIO_PT,
            clock_rate: 48_000,
            rtx_payload_type: None,
            nack: false,
        });
        self.command(Command::Send { conn, slots, codecs, extensions });
    }

    /// The receiver of some slots takes one video codec alone.
    pub fn take_only(&mut self, peer: usize, codec: Codec) {
        let (conn, h264) = (self.peers[peer].conn, codec == Codec::H264);
        let taken = SendCodec {
            codec,
            payload_type: if h264 { H264_PT } else { VIDEO_PT },
            clock_rate: 90_000,
            rtx_payload_type: Some(if h264 { H264_RTX_PT } else { RTX_PT }),
            nack: true,
        };
        self.command(Command::Send { conn, slots: Vec::new(), codecs: vec![taken], extensions: EXTENSIONS });
    }

    /// Puts a track into a picture slot, or empties it.
    pub fn assign(&mut self, viewer: usize, slot: u32, track: Option<u64>) {
        let conn = self.peers[viewer].conn;
        self.command(Command::Assign { conn, slot, track });
    }

    /// Says at which size a viewer shows a picture slot.
    pub fn view(&mut self, viewer: usize, slot: u32, (width, height): (u32, u32), pinned: bool) {
        let conn = self.peers[viewer].conn;
        self.command(Command::View { conn, slot, width, height, pinned });
    }

    /// Puts a track into a voice slot, or empties it.
    pub fn assign_voice(&mut self, viewer: usize, voice: u32, track: Option<u64>) {
        self.assign(viewer, VOICES + voice, track);
    }

    /// The model of a peer that publishes.
    ///
    /// # Panics
    /// When the peer does not.
    pub fn publisher_of(&self, peer: usize) -> &Publisher {
        match &self.peers[peer].role {
            Role::Publisher(publisher) => publisher,
            _ => panic!("peer {peer} has no publisher's model"),
        }
    }

    /// The model of a peer that publishes, to tell it something.
    ///
    /// # Panics
    /// When the peer does not.
    pub fn publisher_mut(&mut self, peer: usize) -> &mut Publisher {
        match &mut self.peers[peer].role {
            Role::Publisher(publisher) => publisher,
            _ => panic!("peer {peer} has no publisher's model"),
        }
    }

    /// The model of a peer that watches.
    ///
    /// # Panics
    /// When the peer does not.
    pub fn viewer_of(&self, peer: usize) -> &Viewer {
        match &self.peers[peer].role {
            Role::Viewer(viewer) => viewer,
            _ => panic!("peer {peer} has no viewer's model"),
        }
    }

    /// The model of a peer that watches, to tell it something.
    ///
    /// # Panics
    /// When the peer does not.
    pub fn viewer_mut(&mut self, peer: usize) -> &mut Viewer {
        match &mut self.peers[peer].role {
            Role::Viewer(viewer) => viewer,
            _ => panic!("peer {peer} has no viewer's model"),
        }
    }

    /// What a viewer saw in a picture slot.
    pub fn screen(&self, viewer: usize, slot: usize) -> &Screen {
        &self.viewer_of(viewer).screens[slot]
    }

    /// The commands that the node refused.
    pub fn refusals(&self) -> Vec<&Event> {
        self.events.iter().filter(|event| matches!(event, Event::Refused { .. })).collect()
    }
}

fn slot(slot: u32) -> SendSlot {
    let picture = slot < VOICES;
    SendSlot {
        slot,
        mid: if picture { format!("v{slot}") } else { format!("a{}", slot - VOICES) },
        kind: if picture { Kind::Video } else { Kind::Audio },
        ssrc: slot_ssrc(slot),
        rtx_ssrc: picture.then(|| slot_rtx(slot)),
        cname: "c".into(),
    }
}
