//! Packets of a real browser, captured: our parsers read what another stack's parsers read (`golden/README.md`).
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;

use sfu::rtp::h264::{self, Begins};
use sfu::rtp::header::Header;
use sfu::rtp::vp8::Descriptor;

fn packets(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    std::fs::read_to_string(path).unwrap().lines().map(|line| line.as_bytes().chunks(2).map(byte).collect()).collect()
}

/// Level, mid and send time in the one-byte form, as Chromium pads it.
#[test]
fn header_extensions_of_a_browser() {
    let packets = packets("chromium-vp8.hex");
    let header = Header::parse(&packets[0]).unwrap();
    assert_eq!(
        (header.payload_type, header.sequence, header.timestamp, header.marker),
        (111, 20_285, 514_057_238, true)
    );
    assert_eq!(header.extension(&packets[0], 4), Some(&b"0"[..]));
    assert_eq!(header.extension(&packets[0], 1), Some(&[0xFF][..]), "voice, and silence");
    let header = Header::parse(&packets[1]).unwrap();
    assert_eq!((header.payload_type, header.sequence, header.timestamp), (96, 9_027, 2_344_162_927));
    assert_eq!(header.extension(&packets[1], 2), Some(&[0xE8, 0x3C, 0x5F][..]));
    assert_eq!(header.extension(&packets[1], 4), Some(&b"1"[..]));
}

/// Picture id, TL0PICIDX, temporal layer and sync bit of successive frames, and the size that the key frame tells.
#[test]
fn vp8_of_a_browser() {
    let packets = packets("chromium-vp8.hex");
    let read: Vec<_> = packets[1..]
        .iter()
        .map(|packet| {
            let payload = &packet[Header::parse(packet).unwrap().payload];
            let vp8 = Descriptor::parse(payload).unwrap();
            let (id, tl0) = (vp8.picture_id.unwrap().value, vp8.tl0_index.unwrap().1);
            (id, tl0, vp8.temporal, vp8.sync, vp8.frame_start, vp8.keyframe_start, vp8.size(payload))
        })
        .collect();
    assert_eq!(
        read,
        [
            (24_036, 86, 0, true, true, true, Some((640, 480))),
            (24_036, 86, 0, true, false, false, None),
            (24_037, 86, 2, true, true, false, None),
            (24_038, 86, 1, true, true, false, None),
            (24_039, 86, 2, false, true, false, None),
            (24_040, 87, 0, false, true, false, None),
        ]
    );
}

/// Parameter sets in a STAP-A, an IDR picture in fragments, then a slice.
#[test]
fn h264_of_a_browser() {
    let packets = packets("chromium-h264.hex");
    let read: Vec<_> = packets[1..]
        .iter()
        .map(|packet| {
            let payload = &packet[Header::parse(packet).unwrap().payload];
            let Begins { parameters, picture } = h264::keyframe_start(payload).unwrap();
            (parameters, picture, h264::size(payload))
        })
        .collect();
    let nothing = (false, false, None);
    let expected = [(true, false, Some((640, 480))), (false, true, None), nothing, nothing, nothing];
    assert_eq!(read, expected);
}
