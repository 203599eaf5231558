//! A WebRTC peer made of the transport's parts, for stories in virtual time: it connects to a `Node`, publishes and watches.
#![allow(dead_code, reason = "each test file uses its own part of the peer")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu::command::{Codec, Command, Direction, Event, Kind, ReceiveTrack, SendCodec, SendSlot, Setup};
use sfu::node::Node;
use sfu::rtp::header::{Header, Outgoing};
use sfu::rtp::ntp::{Ntp, WallClock};
use sfu::rtp::rtcp;
use sfu::transport::dtls::{Certificate, Dtls, DtlsOutput, DtlsRole};
use sfu::transport::srtp::{Opener, Sealer};
use sfu::transport::{Protocol, classify, stun};

pub const PWD: &str = "0123456789abcdef0123456789";
pub const VIDEO_PT: u8 = 96;
pub const RTX_PT: u8 = 97;
pub const AUDIO_PT: u8 = 111;

/// Says whether a datagram to a peer is lost.
pub type Lose = Box<dyn FnMut(usize, &[u8]) -> bool>;

/// A node, its peers and their clock; what a peer sends arrives at once.
pub struct World {
    pub node: Node,
    pub now: Instant,
    pub fingerprint: sfu::transport::dtls::Fingerprint,
    pub peers: Vec<Peer>,
    pub events: Vec<Event>,
    /// Drops a datagram to a peer when it says so (peer's index, datagram).
    pub lose: Lose,
}

pub struct Peer {
    pub conn: u64,
    pub address: SocketAddr,
    pub ufrag: String,
    pub certificate: Certificate,
    pub dtls: Option<Dtls>,
    pub srtp: Option<(Sealer, Opener)>,
    /// Media that arrived, as plaintext packets.
    pub rtp: Vec<Vec<u8>>,
    /// RTCP that arrived, as plaintext compounds.
    pub rtcp: Vec<Vec<u8>>,
    transaction: u64,
}

impl World {
    #[allow(clippy::disallowed_methods, reason = "a story needs some instant to start from")]
    pub fn new() -> Self {
        let now = Instant::now();
        let certificate = Certificate::generate().unwrap();
        let fingerprint = certificate.fingerprint();
        let wall = WallClock { instant: now, ntp: Ntp::from_unix(Duration::from_secs(1_800_000_000)) };
        Self {
            node: Node::new(certificate, wall),
            now,
            fingerprint,
            peers: Vec::new(),
            events: Vec::new(),
            lose: Box::new(|_, _| false),
        }
    }

    /// Opens a connection for a new peer and returns the peer's index; nothing has been sent.
    pub fn open(&mut self, direction: Direction) -> usize {
        let index = self.peers.len();
        let conn = index as u64 + 1;
        let ufrag = format!("ufrag{conn}");
        self.command(Command::Open { conn, direction, ufrag: ufrag.clone(), pwd: PWD.into() });
        let address = SocketAddr::from(([10, 0, 0, 1 + index as u8], 5000));
        self.peers.push(Peer {
            conn,
            address,
            ufrag,
            certificate: Certificate::generate().unwrap(),
            dtls: None,
            srtp: None,
            rtp: Vec::new(),
            rtcp: Vec::new(),
            transaction: 0,
        });
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
        let mut out = [0; stun::REQUEST_MAX];
        let this = &mut self.peers[peer];
        this.transaction += 1;
        let mut transaction = [peer as u8; 12];
        transaction[..8].copy_from_slice(&this.transaction.to_be_bytes());
        let length = stun::write_request(&mut out, &transaction, &format!("{}:peer", this.ufrag), PWD.as_bytes(), true);
        let address = this.address;
        self.deliver(address, &mut out[..length]);
    }

    /// ICE and DTLS to the end.
    pub fn connect(&mut self, direction: Direction) -> usize {
        let peer = self.open(direction);
        self.remote(peer);
        self.handshake(peer);
        assert!(self.peers[peer].srtp.is_some(), "the handshake did not end");
        peer
    }

    pub fn handshake(&mut self, peer: usize) {
        self.check(peer);
        self.peers[peer].dtls =
            Some(Dtls::new(&self.peers[peer].certificate, DtlsRole::Client, self.fingerprint, self.now));
        for _ in 0..20 {
            self.drive_dtls(peer);
            self.run(Duration::from_millis(10));
            if self.peers[peer].srtp.is_some() {
                self.run(Duration::from_millis(20));
                break;
            }
        }
    }

    fn drive_dtls(&mut self, peer: usize) {
        let mut buffer = [0; 2048];
        loop {
            let now = self.now;
            let this = &mut self.peers[peer];
            let Some(dtls) = &mut this.dtls else { return };
            let _ = dtls.handle_timeout(now);
            match dtls.poll(&mut buffer) {
                DtlsOutput::Datagram(datagram) => {
                    let (address, mut datagram) = (this.address, datagram.to_vec());
                    self.deliver(address, &mut datagram);
                }
                DtlsOutput::Established(established) => {
                    this.srtp = Some((Sealer::new(&established.keys), Opener::new(&established.keys)));
                }
                DtlsOutput::Closed | DtlsOutput::Timeout(_) => return,
            }
        }
    }

    pub fn command(&mut self, command: Command) {
        self.node.handle_command(command, self.now);
        self.flush();
    }

    /// A datagram arrives at the node.
    pub fn deliver(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        self.node.handle_datagram(from, datagram, self.now);
        self.flush();
    }

    /// Lets time pass, in the node's own steps.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.node.next_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.node.handle_timeout(self.now);
            self.flush();
        }
        self.now = end;
    }

    /// What the node wants sent arrives at the peers.
    pub fn flush(&mut self) {
        while self.node.poll_transmit(self.now) || !self.node.outbox.is_empty() {
            let sent: Vec<_> = self.node.outbox.iter().map(|(to, datagram)| (to, datagram.to_vec())).collect();
            self.node.outbox.clear();
            for (to, datagram) in sent {
                if let Some(peer) = self.peers.iter().position(|peer| peer.address == to)
                    && !(self.lose)(peer, &datagram)
                {
                    self.arrive(peer, datagram);
                }
            }
        }
        self.events.extend(std::iter::from_fn(|| self.node.poll_event()));
    }

    fn arrive(&mut self, peer: usize, mut datagram: Vec<u8>) {
        let now = self.now;
        let this = &mut self.peers[peer];
        match classify(&datagram).unwrap() {
            Protocol::Stun => {}
            Protocol::Dtls => {
                if let Some(dtls) = &mut this.dtls {
                    let _ = dtls.handle_datagram(&datagram, now);
                }
                self.drive_dtls(peer);
            }
            Protocol::Rtp => {
                let length = this.srtp.as_mut().unwrap().1.open_rtp(&mut datagram).unwrap();
                datagram.truncate(length);
                this.rtp.push(datagram);
            }
            Protocol::Rtcp => {
                let length = this.srtp.as_mut().unwrap().1.open_rtcp(&mut datagram).unwrap();
                datagram.truncate(length);
                this.rtcp.push(datagram);
            }
        }
    }

    /// Sends a sealed RTP packet of the peer.
    pub fn send_rtp(&mut self, peer: usize, header: &Outgoing<'_>, payload: &[u8]) {
        let mut sealed = self.seal_rtp(peer, header, payload);
        let address = self.peers[peer].address;
        self.deliver(address, &mut sealed);
    }

    pub fn seal_rtp(&mut self, peer: usize, header: &Outgoing<'_>, payload: &[u8]) -> Vec<u8> {
        let (mut bytes, mut out) = (Vec::new(), [0; 2048]);
        header.write(&mut bytes);
        let length = self.peers[peer].srtp.as_mut().unwrap().0.seal_rtp(&bytes, payload, &mut out).unwrap();
        out[..length].to_vec()
    }

    /// Sends a sealed RTCP compound of the peer.
    pub fn send_rtcp(&mut self, peer: usize, compound: &[u8]) {
        let mut out = [0; 2048];
        let this = &mut self.peers[peer];
        let length = this.srtp.as_mut().unwrap().0.seal_rtcp(compound, &mut out).unwrap();
        let address = this.address;
        self.deliver(address, &mut out[..length]);
    }

    /// A publisher of one VP8 track with RTX (track number, SSRC = 1000 × track).
    pub fn publisher(&mut self, track: u64) -> usize {
        let peer = self.connect(Direction::Up);
        let conn = self.peers[peer].conn;
        self.command(Command::Receive {
            conn,
            tracks: vec![video(track)],
            mid_extension: Some(1),
            transport_cc_extension: None,
        });
        peer
    }

    /// A watcher of `slots` video slots (SSRC 7000 + slot, RTX 8000 + slot).
    pub fn watcher(&mut self, slots: u32) -> usize {
        let peer = self.connect(Direction::Down);
        let conn = self.peers[peer].conn;
        let slots = (0..slots).map(|slot| SendSlot {
            slot,
            mid: format!("v{slot}"),
            kind: Kind::Video,
            ssrc: 7000 + slot,
            rtx_ssrc: Some(8000 + slot),
            cname: "c".into(),
        });
        let codecs = [(Codec::Vp8, VIDEO_PT, RTX_PT), (Codec::H264, 102, 103)].map(|(codec, payload_type, repair)| {
            SendCodec { codec, payload_type, clock_rate: 90_000, rtx_payload_type: Some(repair), nack: true }
        });
        self.command(Command::Send { conn, slots: slots.collect(), codecs: codecs.into(), mid_extension: Some(1) });
        peer
    }

    pub fn assign(&mut self, watcher: usize, slot: u32, track: Option<u64>) {
        let conn = self.peers[watcher].conn;
        self.command(Command::Assign { conn, slot, track });
    }

    /// How often the peer was asked for a key frame, from its RTCP.
    pub fn keyframes_asked(&self, peer: usize) -> usize {
        let mut count = 0;
        for compound in &self.peers[peer].rtcp {
            rtcp::parse(compound, |report| count += usize::from(matches!(report, rtcp::Report::Keyframe { .. })))
                .unwrap();
        }
        count
    }

    pub fn refusals(&self) -> Vec<&Event> {
        self.events.iter().filter(|event| matches!(event, Event::Refused { .. })).collect()
    }
}

pub fn video(track: u64) -> ReceiveTrack {
    ReceiveTrack {
        track,
        mid: format!("m{track}"),
        kind: Kind::Video,
        codec: Codec::Vp8,
        payload_type: VIDEO_PT,
        clock_rate: 90_000,
        rtx_payload_type: Some(RTX_PT),
        ssrc: Some(track as u32 * 1000),
        rtx_ssrc: Some(track as u32 * 1000 + 1),
        nack: true,
        pli: true,
        remb: true,
    }
}

/// A VP8 frame in one packet: its picture id is its number, its payload tells the track.
pub fn vp8(keyframe: bool, picture: u16, track: u8) -> Vec<u8> {
    let id = (0x8000 | (picture & 0x7FFF)).to_be_bytes();
    vec![0x90, 0xE0, id[0], id[1], picture as u8, 0, if keyframe { 0x10 } else { 0x11 }, track, picture as u8]
}

pub fn outgoing(track: u64, sequence: u16) -> Outgoing<'static> {
    Outgoing {
        marker: true,
        payload_type: VIDEO_PT,
        sequence,
        timestamp: u32::from(sequence) * 3000,
        ssrc: track as u32 * 1000,
        mid: None,
    }
}

/// Header and payload of an arrived packet.
pub fn read(packet: &[u8]) -> (Header, &[u8]) {
    let header = Header::parse(packet).unwrap();
    let payload = &packet[header.payload.clone()];
    (header, payload)
}
