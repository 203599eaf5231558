//! str0m, an independent stack, publishes to the engine and watches through it, over real sockets on the loopback.
#![allow(clippy::disallowed_methods, reason = "real sockets have real time")]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use sfu::command::Event as Told;
use sfu::worker::{self, Handle};
use str0m::ice::IceCreds;
use str0m::media::{KeyframeRequestKind, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Event, Input, Output, Rtc};

const PWD: &str = "0123456789abcdef0123456789";
const OPUS: u8 = 111;
const VP8: u8 = 96;
/// Frames and their packets.
const FRAMES: u64 = 120;
const PACKETS: u64 = 3;
/// The whole test ends well before this.
const PATIENCE: Duration = Duration::from_secs(20);

/// A str0m peer with its socket.
struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    /// Every so many-th video packet is lost on its way in; none: all arrive.
    lose_in: Option<u64>,
    /// The same on its way out.
    lose_out: Option<u64>,
    video_in: u64,
    video_out: u64,
    lost: u64,
    packets: Vec<RtpPacket>,
    keyframes_asked: u64,
}

impl Peer {
    /// A peer that knows the engine at `engine` under `ufrag`; `active` is its own DTLS role.
    fn new(engine: &Handle, at: &str, ufrag: &str, active: bool) -> Self {
        let now = Instant::now();
        let exts = Rtc::builder().set_rtp_mode(true).clear_extension_map().set_extension(1, Extension::RtpMid);
        let mut rtc = exts.build(now);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let remote = SocketAddr::new(at.parse().unwrap(), engine.local_addr().port());
        rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
        rtc.add_remote_candidate(Candidate::host(remote, "udp").unwrap());
        let mut direct = rtc.direct_api();
        direct.set_ice_controlling(true);
        direct.set_remote_ice_credentials(IceCreds { ufrag: ufrag.into(), pass: PWD.into() });
        direct.set_remote_fingerprint(format!("sha-256 {}", engine.fingerprint()).parse().unwrap());
        direct.start_dtls(active).unwrap();
        let (lose_in, lose_out) = (None, None);
        Self {
            rtc,
            socket,
            lose_in,
            lose_out,
            video_in: 0,
            video_out: 0,
            lost: 0,
            packets: Vec::new(),
            keyframes_asked: 0,
        }
    }

    /// The engine's commands that open it and describe it.
    fn open(&mut self, engine: &Handle, conn: u64, direction: &str, ufrag: &str, setup: &str) {
        let direct = self.rtc.direct_api();
        let own = direct.local_ice_credentials().ufrag;
        let fingerprint = direct.local_dtls_fingerprint().to_string();
        let fingerprint = fingerprint.rsplit(' ').next().unwrap();
        submit(
            engine,
            &format!(r#"{{"type":"open","conn":{conn},"direction":"{direction}","ufrag":"{ufrag}","pwd":"{PWD}"}}"#),
        );
        submit(
            engine,
            &format!(
                r#"{{"type":"remote","conn":{conn},"ufrag":"{own}","setup":"{setup}","fingerprint":"{fingerprint}"}}"#
            ),
        );
    }

    /// Sends what is due, takes what has come.
    fn turn(&mut self) {
        self.send();
        let mut buffer = [0; 2000];
        while let Ok((length, source)) = self.socket.recv_from(&mut buffer) {
            let datagram = &buffer[..length];
            self.video_in += u64::from(is_video(datagram));
            if is_video(datagram) && self.lose_in.is_some_and(|every| self.video_in.is_multiple_of(every)) {
                self.lost += 1;
                continue;
            }
            let destination = self.socket.local_addr().unwrap();
            let receive = Receive { proto: Protocol::Udp, source, destination, contents: datagram.try_into().unwrap() };
            self.rtc.handle_input(Input::Receive(Instant::now(), receive)).unwrap();
            self.send();
        }
        self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
        self.send();
    }

    fn send(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Transmit(transmit) => {
                    let video = is_video(&transmit.contents);
                    self.video_out += u64::from(video);
                    if video && self.lose_out.is_some_and(|every| self.video_out.is_multiple_of(every)) {
                        self.lost += 1;
                    } else {
                        self.socket.send_to(&transmit.contents, transmit.destination).unwrap();
                    }
                }
                Output::Event(Event::RtpPacket(packet)) => self.packets.push(packet),
                Output::Event(Event::KeyframeRequest(_)) => self.keyframes_asked += 1,
                Output::Event(_) => {}
                Output::Timeout(_) => return,
            }
        }
    }

    /// The payloads that arrived of an SSRC, by their RTP number: str0m has put retransmissions where they belong.
    fn payloads(&self, ssrc: u32) -> BTreeMap<u64, Vec<u8>> {
        let of = self.packets.iter().filter(|packet| *packet.header.ssrc == ssrc);
        of.map(|packet| (*packet.seq_no, packet.payload.to_vec())).collect()
    }
}

/// SRTP of the payload type that is not a retransmission.
fn is_video(datagram: &[u8]) -> bool {
    datagram[0] >> 6 == 2 && datagram[1] & 0x7F == VP8
}

fn submit(engine: &Handle, command: &str) {
    engine.submit(serde_json::from_str(command).unwrap()).unwrap();
}

/// Turns until `done`, no longer than patience allows.
fn until(peers: &mut [&mut Peer], what: &str, mut done: impl FnMut(&mut [&mut Peer]) -> bool) {
    let begun = Instant::now();
    while !done(peers) {
        peers.iter_mut().for_each(|peer| peer.turn());
        assert!(begun.elapsed() < PATIENCE, "{what}");
    }
}

/// The content of a packet: nobody else's, and of a length of its own.
fn filler(frame: u64, packet: u64) -> Vec<u8> {
    let length = 200 + (frame * 37 + packet * 211) % 800;
    (0..length).map(|at| (at + frame * 7 + packet) as u8).collect()
}

/// A VP8 payload: descriptor with a picture id of 15 bits, and where a frame begins, the byte that tells a key frame.
fn vp8(frame: u64, packet: u64, keyframe: bool) -> Vec<u8> {
    let id = (0x8000 | frame as u16).to_be_bytes();
    let start = if packet == 0 { 0x10 } else { 0 };
    let first = if packet == 0 && keyframe { 0x10 } else { 0x11 };
    [&[0x80 | start, 0x80, id[0], id[1], first][..], &filler(frame, packet)].concat()
}

/// What follows the descriptor, which the engine rewrites.
fn content(payload: &[u8]) -> &[u8] {
    &payload[5..]
}

const TRACKS: &str = r#"{"type":"receive","conn":1,"tracks":[
    {"track":1,"mid":"0","kind":"audio","codec":"opus","payload_type":111,"clock_rate":48000},
    {"track":2,"mid":"1","kind":"video","codec":"vp8","payload_type":96,"clock_rate":90000,"rtx_payload_type":97,"nack":true,
     "pli":true,"remb":true}],
    "extensions":{"mid":1}}"#;
const SLOTS: &str = r#"{"type":"send","conn":2,"slots":[
    {"slot":0,"mid":"a0","kind":"audio","ssrc":6000,"cname":"c"},
    {"slot":1,"mid":"v0","kind":"video","ssrc":7000,"rtx_ssrc":8000,"cname":"c"}],
    "codecs":[{"codec":"opus","payload_type":111,"clock_rate":48000},
    {"codec":"vp8","payload_type":96,"clock_rate":90000,"rtx_payload_type":97,"nack":true}],
    "extensions":{"mid":1}}"#;

/// Opens both peers; the publisher hits one of the engine's addresses and the watcher another.
fn call() -> (Handle, Peer, Peer) {
    let engine = worker::start("0.0.0.0:0".parse().unwrap()).unwrap();
    let mut publisher = Peer::new(&engine, "127.0.0.1", "publisher", true);
    let mut watcher = Peer::new(&engine, "127.0.0.2", "watcher", false);
    let mut direct = publisher.rtc.direct_api();
    direct.declare_media("0".into(), MediaKind::Audio);
    direct.declare_stream_tx(100.into(), None, "0".into(), None);
    direct.declare_media("1".into(), MediaKind::Video);
    direct.declare_stream_tx(200.into(), Some(201.into()), "1".into(), None);
    let mut direct = watcher.rtc.direct_api();
    direct.declare_media("a0".into(), MediaKind::Audio);
    direct.expect_stream_rx(6000.into(), None, "a0".into(), None);
    direct.declare_media("v0".into(), MediaKind::Video);
    direct.expect_stream_rx(7000.into(), Some(8000.into()), "v0".into(), None);
    publisher.open(&engine, 1, "up", "publisher", "passive");
    watcher.open(&engine, 2, "down", "watcher", "active");
    for command in [TRACKS, SLOTS] {
        submit(&engine, command);
    }
    for (slot, track) in [(0, 1), (1, 2)] {
        submit(&engine, &format!(r#"{{"type":"assign","conn":2,"slot":{slot},"track":{track}}}"#));
    }
    (engine, publisher, watcher)
}

fn write(peer: &mut Peer, ssrc: u32, pt: u8, sequence: u64, time: u64, payload: Vec<u8>, marker: bool) {
    let ssrc: Ssrc = ssrc.into();
    let packet = RtpWrite::new(pt.into(), sequence.into(), time as u32, Instant::now(), payload);
    let mut direct = peer.rtc.direct_api();
    direct.stream_tx(&ssrc).unwrap().write_rtp(packet.marker(marker).nackable(pt == VP8));
}

/// Sound and picture pass through whole, whatever is lost on the way up and down; a key frame request reaches the publisher.
#[test]
fn str0m_publishes_and_watches() {
    let (engine, mut publisher, mut watcher) = call();
    let mut told = Vec::new();
    until(&mut [&mut publisher, &mut watcher], "both connect, in either DTLS role", |_| {
        told.extend(engine.drain());
        told.iter().filter(|event| matches!(event, Told::Connected { .. })).count() == 2
    });
    // The slot waits for a key frame, so the publisher is asked for one as soon as it is heard.
    (publisher.lose_out, watcher.lose_in) = (Some(29), Some(31));
    let (mut asked, mut keyframes, mut sent) = (0, 0, BTreeMap::new());
    for frame in 0..FRAMES {
        let keyframe = frame == 0 || publisher.keyframes_asked > asked;
        asked = publisher.keyframes_asked;
        keyframes += u64::from(keyframe);
        for packet in 0..PACKETS {
            let (payload, sequence) = (vp8(frame, packet, keyframe), 1000 + frame * PACKETS + packet);
            sent.insert(sequence, payload.clone());
            write(&mut publisher, 200, VP8, sequence, 3000 * frame, payload, packet + 1 == PACKETS);
        }
        write(&mut publisher, 100, OPUS, 500 + frame, 960 * frame, filler(frame, 9), false);
        if frame == FRAMES / 2 {
            let mut direct = watcher.rtc.direct_api();
            direct.stream_rx(&7000.into()).unwrap().request_keyframe(KeyframeRequestKind::Pli);
        }
        let next = Instant::now() + Duration::from_millis(20);
        until(&mut [&mut publisher, &mut watcher], "a frame's time passes", |_| Instant::now() >= next);
    }
    // The last packets may be lost too, and nothing behind them tells: their repair is not waited for.
    let expected = FRAMES as usize * PACKETS as usize - 8;
    until(&mut [&mut publisher, &mut watcher], "what was lost is repaired", |peers| {
        peers[1].payloads(7000).len() >= expected
    });
    let (pictures, voices) = (watcher.payloads(7000), watcher.payloads(6000));
    let (first, _) = pictures.first_key_value().unwrap();
    for (sequence, payload) in &pictures {
        assert_eq!(content(payload), content(&sent[&(1000 + sequence - first)]), "packet {sequence}");
    }
    let heard: Vec<_> = voices.into_values().collect();
    assert_eq!(heard, (0..FRAMES).map(|frame| filler(frame, 9)).collect::<Vec<_>>());
    assert!(publisher.lost >= 10 && watcher.lost >= 10, "{} {}", publisher.lost, watcher.lost);
    assert!(publisher.keyframes_asked >= 1 && keyframes >= 2, "the watcher's request reached the publisher");
    let counters = engine.snapshot().unwrap().counters;
    assert!(
        counters.repairs_out >= 10 && counters.nacks_out >= 10 && counters.keyframe_requests_in >= 1,
        "{counters:?}"
    );
    println!("{counters:?} in {}, lost {} up and {} down", pictures.len(), publisher.lost, watcher.lost);
}
