//! SRTP as two connections see it: known answers, loss, reordering, roll-over, replay, tampering.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail as tests do")]

use proptest::prelude::*;
use sfu::drops::DropReason;
use sfu::transport::srtp::{KeyingMaterial, MAX_SSRCS, Opener, Profile, RTCP_OVERHEAD_MAX, RTP_OVERHEAD_MAX, Sealer};

const PROFILES: [Profile; 3] = [Profile::Aes128CmSha1_80, Profile::AeadAes128Gcm, Profile::AeadAes256Gcm];
const EXPORT_LEN: [usize; 3] = [60, 56, 88];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A client's sealer and the server's opener for what it sends.
fn pair(profile: Profile) -> (Sealer, Opener) {
    let length = EXPORT_LEN[PROFILES.iter().position(|p| *p == profile).unwrap()];
    let exported: Vec<u8> = (0..length).map(|i| i as u8).collect();
    let client = KeyingMaterial::new(profile, &exported, true).unwrap();
    let server = KeyingMaterial::new(profile, &exported, false).unwrap();
    (Sealer::new(&client), Opener::new(&server))
}

fn header(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut header = vec![0x80, 96];
    header.extend(sequence.to_be_bytes());
    header.extend([0, 0, 0, 1]);
    header.extend(ssrc.to_be_bytes());
    header
}

/// A header with two CSRCs and an extension of one word.
fn long_header(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut long = header(ssrc, sequence);
    long[0] = 0x92;
    long.extend([0, 0, 0, 7, 0, 0, 0, 8, 0xbe, 0xde, 0, 1, 0x10, 0x31, 0, 0]);
    long
}

fn seal(sealer: &mut Sealer, header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; header.len() + payload.len() + RTP_OVERHEAD_MAX];
    let length = sealer.seal_rtp(header, payload, &mut out).unwrap();
    out.truncate(length);
    out
}

fn seal_rtcp(sealer: &mut Sealer, compound: &[u8]) -> Vec<u8> {
    let mut out = vec![0; compound.len() + RTCP_OVERHEAD_MAX];
    let length = sealer.seal_rtcp(compound, &mut out).unwrap();
    out.truncate(length);
    out
}

fn open(opener: &mut Opener, sealed: &[u8]) -> Result<Vec<u8>, DropReason> {
    let mut packet = sealed.to_vec();
    let length = opener.open_rtp(&mut packet)?;
    packet.truncate(length);
    Ok(packet)
}

fn open_rtcp(opener: &mut Opener, sealed: &[u8]) -> Result<Vec<u8>, DropReason> {
    let mut packet = sealed.to_vec();
    let length = opener.open_rtcp(&mut packet)?;
    packet.truncate(length);
    Ok(packet)
}

/// A receiver report without blocks.
fn report(ssrc: u32) -> Vec<u8> {
    [&[0x80, 201, 0, 1][..], &ssrc.to_be_bytes()].concat()
}

/// The known answers of libsrtp's driver, which go from master key to packet.
#[test]
fn packets_are_those_of_another_implementation() {
    let rtp = hex("800f1234decafbadcafebabe abababababababababababababababab");
    let rtcp = hex("81c8000bcafebabe abababababababababababababababab");
    for (profile, key, salt, srtp, srtcp) in [
        (
            Profile::Aes128CmSha1_80,
            "e1f97a0d3e018be0d64fa32c06de4139",
            "0ec675ad498afeebb6960b3aabe6",
            "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
            "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798",
        ),
        (
            Profile::AeadAes128Gcm,
            "000102030405060708090a0b0c0d0e0f",
            "a0a1a2a3a4a5a6a7a8a9aaab",
            "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392",
            "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001",
        ),
    ] {
        let exported = [hex(key), hex(key), hex(salt), hex(salt)].concat();
        let keys = KeyingMaterial::new(profile, &exported, true).unwrap();
        let mut sealer = Sealer::new(&keys);
        assert_eq!(seal(&mut sealer, &rtp[..12], &rtp[12..]), hex(srtp));
        assert_eq!(seal_rtcp(&mut sealer, &rtcp), hex(srtcp));
        let mut opener = Opener::new(&keys);
        assert_eq!(open(&mut opener, &hex(srtp)), Ok(rtp.clone()));
        assert_eq!(open_rtcp(&mut opener, &hex(srtcp)), Ok(rtcp.clone()));
    }
}

/// Both directions have keys of their own, and each side opens the other's.
#[test]
fn client_and_server_take_opposite_halves() {
    let exported: Vec<u8> = (0..88).collect();
    let client = KeyingMaterial::new(Profile::AeadAes256Gcm, &exported, true).unwrap();
    let server = KeyingMaterial::new(Profile::AeadAes256Gcm, &exported, false).unwrap();
    let sealed = seal(&mut Sealer::new(&server), &header(1, 1), b"down");
    assert!(open(&mut Opener::new(&client), &sealed).is_ok());
    assert_eq!(open(&mut Opener::new(&server), &sealed), Err(DropReason::SrtpAuthentication));
}

/// Keying material of a wrong length says what would be right.
#[test]
fn keying_material_must_fit_the_profile() {
    for (profile, length) in PROFILES.into_iter().zip(EXPORT_LEN) {
        for wrong in [0, length - 1, length + 1] {
            let error = KeyingMaterial::new(profile, &vec![0; wrong], true).err().unwrap();
            assert!(error.contains(&length.to_string()), "{error}");
        }
    }
}

/// A repeated packet is refused at once and, later, for being older than the window.
#[test]
fn replays_are_refused() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let first = seal(&mut sealer, &header(5, 100), b"x");
        let report_first = seal_rtcp(&mut sealer, &report(5));
        assert!(open(&mut opener, &first).is_ok());
        assert!(open_rtcp(&mut opener, &report_first).is_ok());
        assert_eq!(open(&mut opener, &first), Err(DropReason::SrtpReplayed));
        assert_eq!(open_rtcp(&mut opener, &report_first), Err(DropReason::SrtpReplayed));
        for sequence in 101..400 {
            assert!(open(&mut opener, &seal(&mut sealer, &header(5, sequence), b"x")).is_ok());
            assert!(open_rtcp(&mut opener, &seal_rtcp(&mut sealer, &report(5))).is_ok());
            assert_eq!(open(&mut opener, &first), Err(DropReason::SrtpReplayed));
            assert_eq!(open_rtcp(&mut opener, &report_first), Err(DropReason::SrtpReplayed));
        }
    }
}

/// Around the roll-over packets may change places: each is opened in the round in which it was sealed.
#[test]
fn the_roll_over_survives_reordering() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let mut sealed: Vec<_> =
            (0xfff0..0x10010u32).map(|index| seal(&mut sealer, &header(5, index as u16), b"x")).collect();
        sealed[1..].reverse();
        for packet in sealed {
            assert!(open(&mut opener, &packet).is_ok());
            assert_eq!(open(&mut opener, &packet), Err(DropReason::SrtpReplayed));
        }
    }
}

/// The window takes the 127 packets before the newest, once each.
#[test]
fn the_window_is_128_packets() {
    let (mut sealer, mut opener) = pair(Profile::AeadAes256Gcm);
    let sealed: Vec<_> = (1..=300).map(|sequence| seal(&mut sealer, &header(5, sequence), b"x")).collect();
    assert!(open(&mut opener, sealed.last().unwrap()).is_ok());
    for packet in &sealed[300 - 128..299] {
        assert!(open(&mut opener, packet).is_ok());
        assert_eq!(open(&mut opener, packet), Err(DropReason::SrtpReplayed));
    }
    assert_eq!(open(&mut opener, &sealed[300 - 129]), Err(DropReason::SrtpReplayed));
}

/// Sealing the same number twice would use a nonce twice, so it is refused.
#[test]
fn an_index_is_sealed_once() {
    let (mut sealer, _) = pair(Profile::AeadAes256Gcm);
    let mut out = [0; 64];
    assert!(sealer.seal_rtp(&header(5, 9), b"x", &mut out).is_ok());
    assert_eq!(sealer.seal_rtp(&header(5, 9), b"y", &mut out), Err(DropReason::SrtpReplayed));
    assert!(sealer.seal_rtp(&header(6, 9), b"y", &mut out).is_ok());
    assert!(sealer.seal_rtp(&header(5, 8), b"late, but new", &mut out).is_ok());
}

/// Packets that don't authenticate make no state; the 65th SSRC that does is refused.
#[test]
fn state_is_made_after_authentication_and_bounded() {
    let (mut sealer, mut opener) = pair(Profile::AeadAes128Gcm);
    for ssrc in 1000..2000 {
        let forged = [header(ssrc, 1), vec![0; 20]].concat();
        assert_eq!(open(&mut opener, &forged), Err(DropReason::SrtpAuthentication));
    }
    for ssrc in 0..MAX_SSRCS as u32 {
        assert!(open(&mut opener, &seal(&mut sealer, &header(ssrc, 1), b"x")).is_ok());
        assert!(open_rtcp(&mut opener, &seal_rtcp(&mut sealer, &report(ssrc))).is_ok());
    }
    let more = seal(&mut sealer, &header(64, 1), b"x");
    assert_eq!(open(&mut opener, &more), Err(DropReason::TooManySsrcs));
    let more = seal_rtcp(&mut sealer, &report(64));
    assert_eq!(open_rtcp(&mut opener, &more), Err(DropReason::TooManySsrcs));
    assert!(open(&mut opener, &seal(&mut sealer, &header(3, 2), b"x")).is_ok());
}

/// Seventy-five SSRCs, as 25 slots of audio, video and RTX have, fit one sealer.
#[test]
fn a_full_page_of_slots_fits_one_sealer() {
    let (mut sealer, _) = pair(Profile::AeadAes256Gcm);
    for ssrc in 0..75 {
        seal(&mut sealer, &header(ssrc, 1), b"x");
    }
}

/// RTCP that says it is not encrypted is refused, whatever its tag.
#[test]
fn plain_rtcp_is_refused() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let mut sealed = seal_rtcp(&mut sealer, &report(5));
        let flag = if profile == Profile::Aes128CmSha1_80 { sealed.len() - 14 } else { sealed.len() - 4 };
        sealed[flag] &= 0x7f;
        assert_eq!(open_rtcp(&mut opener, &sealed), Err(DropReason::SrtpAuthentication));
    }
}

/// Headers that don't add up, and buffers too short, are refused before anything is sealed.
#[test]
fn sealing_checks_its_lengths() {
    let (mut sealer, _) = pair(Profile::AeadAes256Gcm);
    let mut out = [0; 64];
    assert_eq!(sealer.seal_rtp(&header(5, 9)[..11], b"x", &mut out), Err(DropReason::RtpMalformed));
    assert_eq!(sealer.seal_rtp(&[header(5, 9), vec![0]].concat(), b"x", &mut out), Err(DropReason::RtpMalformed));
    assert_eq!(sealer.seal_rtp(&header(5, 9), b"x", &mut out[..28]), Err(DropReason::RtpMalformed));
    assert_eq!(sealer.seal_rtcp(&report(5)[..7], &mut out), Err(DropReason::RtcpMalformed));
    assert_eq!(sealer.seal_rtcp(&report(5), &mut out[..27]), Err(DropReason::RtcpMalformed));
    assert_eq!(sealer.seal_rtp(&header(5, 9), b"x", &mut out), Ok(29));
}

/// A packet cut at any length is refused and never panics.
#[test]
fn truncated_packets_are_refused() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let sealed = seal(&mut sealer, &long_header(5, 9), b"payload");
        let sealed_rtcp = seal_rtcp(&mut sealer, &[report(5), report(5)].concat());
        for end in 0..sealed.len() {
            assert!(open(&mut opener, &sealed[..end]).is_err());
        }
        for end in 0..sealed_rtcp.len() {
            assert!(open_rtcp(&mut opener, &sealed_rtcp[..end]).is_err());
        }
        assert!(open(&mut opener, &sealed).is_ok());
        assert!(open_rtcp(&mut opener, &sealed_rtcp).is_ok());
    }
}

/// An empty payload, as padding probes have, goes through.
#[test]
fn an_empty_payload_goes_through() {
    for profile in PROFILES {
        let (mut sealer, mut opener) = pair(profile);
        let sealed = seal(&mut sealer, &long_header(5, 9), b"");
        assert_eq!(open(&mut opener, &sealed), Ok(long_header(5, 9)));
    }
}

fn profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(&PROFILES[..])
}

/// Mostly the next number or one packet lost, now and then a long outage: some two rounds in 400 packets.
fn gap() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1u32..3, 1 => 1u32..3000]
}

proptest! {
    /// Over several rounds of sequence numbers, with loss and reordering, each packet that arrives opens just once.
    #[test]
    fn every_arriving_packet_opens_once(
        profile in profile(),
        start in 0u16..0x8000,
        steps in prop::collection::vec((gap(), 0usize..60), 1..400),
    ) {
        let (mut sealer, mut opener) = pair(profile);
        let mut index = u32::from(start);
        let mut air: Vec<(usize, u32, Vec<u8>)> = Vec::new();
        for (position, (gap, delay)) in steps.into_iter().enumerate() {
            let payload = index.to_be_bytes();
            air.push((position + delay, index, seal(&mut sealer, &header(5, index as u16), &payload)));
            index += gap;
        }
        air.sort_by_key(|(at, ..)| *at);
        // A stream's first packet sets its round, and must be of the first; the sender starts below 2^15.
        let (first, rest): (Vec<_>, Vec<_>) = air.into_iter().partition(|(_, index, _)| *index == u32::from(start));
        let mut highest = 0;
        for (_, index, packet) in first.into_iter().chain(rest) {
            let opened = open(&mut opener, &packet);
            // What is 2^15 ahead or behind, or older than the window, is beyond what SRTP can tell.
            if index.abs_diff(highest) < 0x8000 && index + 128 > highest {
                prop_assert_eq!(&opened.unwrap()[12..], &index.to_be_bytes()[..]);
                prop_assert_eq!(open(&mut opener, &packet), Err(DropReason::SrtpReplayed));
                highest = highest.max(index);
            } else if let Ok(opened) = opened {
                prop_assert_eq!(&opened[12..], &index.to_be_bytes()[..]);
                highest = highest.max(index);
            }
        }
    }

    /// One changed byte anywhere in an RTP packet is noticed, and the original still opens.
    #[test]
    fn a_tampered_rtp_packet_is_refused(profile in profile(), at in 0usize..80, flip in 1u8..) {
        let (mut sealer, mut opener) = pair(profile);
        let sealed = seal(&mut sealer, &long_header(5, 9), &[7; 30]);
        let mut tampered = sealed.clone();
        let at = at % sealed.len();
        tampered[at] ^= flip;
        prop_assert!(open(&mut opener, &tampered).is_err());
        prop_assert!(open(&mut opener, &sealed).is_ok());
    }

    /// One changed byte anywhere in an RTCP packet is noticed, and the original still opens.
    #[test]
    fn a_tampered_rtcp_packet_is_refused(profile in profile(), at in 0usize..80, flip in 1u8..) {
        let (mut sealer, mut opener) = pair(profile);
        let sealed = seal_rtcp(&mut sealer, &[report(5), report(6)].concat());
        let mut tampered = sealed.clone();
        let at = at % sealed.len();
        tampered[at] ^= flip;
        prop_assert!(open_rtcp(&mut opener, &tampered).is_err());
        prop_assert!(open_rtcp(&mut opener, &sealed).is_ok());
    }

    /// Arbitrary bytes are refused without a panic.
    #[test]
    fn arbitrary_bytes_are_refused(profile in profile(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut sealer, mut opener) = pair(profile);
        prop_assert!(open(&mut opener, &bytes).is_err());
        prop_assert!(open_rtcp(&mut opener, &bytes).is_err());
        let mut out = [0; 600];
        let _ = sealer.seal_rtp(&bytes, &bytes, &mut out);
        let _ = sealer.seal_rtcp(&bytes, &mut out);
    }
}
