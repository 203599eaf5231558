//! What each fuzz target does with its bytes. `fuzz_targets/` call these under libFuzzer, `sfu/tests/corpus.rs` with the
//! committed seeds and findings, as plain tests.
//!
//! A target fails by a panic: of the parser, or of an assertion about what it returned.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sfu::command::{Codec, Command, Direction, Extensions, Kind, ReceiveTrack, Setup};
use sfu::node::Node;
use sfu::rtp::header::Header;
use sfu::rtp::ntp::{Ntp, WallClock};
use sfu::rtp::{h264, rtcp, vp8};
use sfu::transport::Pair;
use sfu::transport::dtls::{Certificate, Dtls, DtlsOutput, DtlsRole, Fingerprint, check_records};
use sfu::transport::srtp::{KeyingMaterial, Opener, Profile};
use sfu::transport::stun::BindingRequest;

/// What is done with the bytes.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("stun", stun),
    ("dtls", dtls),
    ("srtp", srtp),
    ("rtp", rtp),
    ("rtcp", rtcp_compound),
    ("vp8", vp8_payload),
    ("h264", h264_payload),
    ("node", node),
];

/// A STUN message: read, and its integrity checked under a password.
pub fn stun(data: &[u8]) {
    if let Ok(request) = BindingRequest::parse(data) {
        let _ = request.verify(b"0123456789abcdef0123456789");
    }
}

/// Datagrams of a handshake, each with its length in two bytes, at a server that waits for a ClientHello.
pub fn dtls(data: &[u8]) {
    let Ok(certificate) = Certificate::generate() else { return };
    let mut now = start();
    let mut server = Dtls::new(&certificate, DtlsRole::Server, Fingerprint([7; 32]), now);
    for datagram in split(data) {
        now += Duration::from_millis(20);
        let _ = check_records(datagram);
        let _ = server.handle_datagram(datagram, now);
        let mut buffer = [0; 2048];
        while !matches!(server.poll(&mut buffer), DtlsOutput::Timeout(_)) {}
    }
}

/// A packet that claims to be SRTP, and to be SRTCP, under each profile.
pub fn srtp(data: &[u8]) {
    for (profile, bytes) in [(Profile::Aes128CmSha1_80, 60), (Profile::AeadAes128Gcm, 56), (Profile::AeadAes256Gcm, 88)]
    {
        let keys = KeyingMaterial::new(profile, &[3; 88][..bytes], false).expect("the profile's key length");
        let mut opener = Opener::new(&keys);
        if let Ok(length) = opener.open_rtp(&mut data.to_vec()) {
            assert!(length <= data.len());
        }
        if let Ok(length) = opener.open_rtcp(&mut data.to_vec()) {
            assert!(length <= data.len());
        }
    }
}

/// An RTP header and each of its extensions.
pub fn rtp(data: &[u8]) {
    if let Ok(header) = Header::parse(data) {
        assert!(header.payload.end <= data.len());
        for id in 0..=255 {
            let _ = header.extension(data, id);
        }
    }
}

/// An RTCP compound, and what its NACKs name.
pub fn rtcp_compound(data: &[u8]) {
    let _ = rtcp::parse(data, |report| {
        if let rtcp::Report::Nack { pairs, .. } = report {
            assert!(rtcp::nacked(pairs).count() <= 17 * data.len());
        }
    });
}

/// A VP8 payload, whose numbers are rewritten where they are.
pub fn vp8_payload(data: &[u8]) {
    if let Ok(descriptor) = vp8::Descriptor::parse(data) {
        let mut copy = data.to_vec();
        descriptor.rewrite(&mut copy, 0x1234, 0x56);
        let again = vp8::Descriptor::parse(&copy).expect("a rewritten descriptor is a descriptor");
        assert_eq!(again.keyframe_start, descriptor.keyframe_start);
        let _ = descriptor.size(data);
    }
}

/// An H.264 payload.
pub fn h264_payload(data: &[u8]) {
    let _ = h264::keyframe_start(data);
    let _ = h264::size(data);
}

/// Datagrams at a node with a publisher and a watcher that wait for their handshakes, from addresses that the bytes choose.
pub fn node(data: &[u8]) {
    let Ok(certificate) = Certificate::generate() else { return };
    let mut now = start();
    let mut node = Node::new(certificate, WallClock { instant: now, ntp: Ntp::from_unix(Duration::from_secs(1)) });
    for (conn, direction) in [(1, Direction::Up), (2, Direction::Down)] {
        let (ufrag, pwd) = (format!("ufrag{conn}"), "0123456789abcdef0123456789".to_owned());
        node.handle_command(Command::Open { conn, direction, ufrag, pwd }, now);
        let fingerprint = Fingerprint([7; 32]);
        node.handle_command(Command::Remote { conn, ufrag: "peer".into(), setup: Setup::Passive, fingerprint }, now);
    }
    let extensions = Extensions { mid: Some(1), transport_cc: Some(2), rid: Some(3), ..Extensions::default() };
    node.handle_command(Command::Receive { conn: 1, tracks: vec![track()], extensions }, now);
    for datagram in split(data) {
        now += Duration::from_millis(7);
        let last = datagram.first().copied().unwrap_or(0) % 3;
        let pair = Pair { local: Ipv4Addr::LOCALHOST.into(), remote: SocketAddr::from(([10, 0, 0, last], 5000)) };
        node.handle_datagram(pair, &mut datagram.to_vec(), now);
        node.handle_timeout(now);
        while node.poll_transmit(now) {
            node.outbox.clear();
        }
        node.outbox.clear();
        while node.poll_event().is_some() {}
    }
}

fn track() -> ReceiveTrack {
    ReceiveTrack {
        track: 1,
        mid: "0".into(),
        kind: Kind::Video,
        codec: Codec::Vp8,
        payload_type: 96,
        clock_rate: 90_000,
        rtx_payload_type: Some(97),
        ssrc: None,
        rtx_ssrc: None,
        nack: true,
        pli: true,
        remb: true,
        rids: vec!["q".into(), "f".into()],
        voice_group: None,
    }
}

/// Pieces that stand behind their lengths.
fn split(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (head, rest) = data.split_first_chunk::<2>()?;
        let (piece, after) = rest.split_at(usize::from(u16::from_be_bytes(*head)).min(rest.len()));
        data = after;
        Some(piece)
    })
}

#[allow(clippy::disallowed_methods, reason = "a run needs some instant to start from")]
fn start() -> Instant {
    Instant::now()
}
