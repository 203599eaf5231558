//! STUN as the media port meets it: the RFC's vectors, our own messages, changed, cut and arbitrary ones.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail as tests do")]

use std::net::SocketAddr;

use proptest::prelude::*;
use sfu::drops::DropReason;
use sfu::transport::stun::{
    BindingRequest, REQUEST_MAX, RESPONSE_MAX, Transactions, write_error, write_request, write_success,
    write_unknown_attributes,
};
use sfu::transport::{Protocol, classify};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

const PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";
/// RFC 5769 §2.1.
const SAMPLE_REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e7400240004\
    6e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2\
    80280004e57a3bcf";
const TRANSACTION: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

fn request(use_candidate: bool) -> Vec<u8> {
    let mut out = [0; REQUEST_MAX];
    let length = write_request(&mut out, &TRANSACTION, "server:client", PASSWORD, use_candidate);
    out[..length].to_vec()
}

/// The attributes of a message as (type, value), read without the code under test.
fn attributes(message: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut rest = &message[20..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        found.push((u16::from_be_bytes([rest[0], rest[1]]), rest[4..4 + length].to_vec()));
        rest = &rest[4 + length.next_multiple_of(4)..];
    }
    found
}

/// Puts an attribute before the integrity of a request and signs it anew, by moving the writer's own tail.
fn request_with(kind: u16, value: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac;
    let mut message = request(true);
    message.truncate(message.len() - 32);
    message.extend(kind.to_be_bytes());
    message.extend((value.len() as u16).to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
    let length = (message.len() - 20 + 24) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, PASSWORD), &message);
    message.extend([0, 8, 0, 20]);
    message.extend(tag.as_ref());
    message
}

/// The RFC's sample request is read and its integrity and fingerprint hold, with its password only.
#[test]
fn the_sample_request_of_rfc_5769_verifies() {
    let datagram = hex(SAMPLE_REQUEST);
    let request = BindingRequest::parse(&datagram).unwrap();
    assert_eq!(request.transaction, TRANSACTION);
    assert_eq!((request.local_ufrag, request.remote_ufrag), ("evtj", "h6vY"));
    assert!(request.controlled && !request.use_candidate && !request.unknown);
    assert_eq!(request.verify(PASSWORD), Ok(()));
    assert_eq!(request.verify(b"another"), Err(DropReason::StunIntegrity));
}

/// The RFC's sample responses carry the same mapped addresses, integrity and fingerprint algorithms as ours.
#[test]
fn success_responses_map_addresses_as_rfc_5769_does() {
    for (address, mapped) in [
        ("192.0.2.1:32853", "0001a147e112a643"),
        ("[::ffff:192.0.2.1]:32853", "0001a147e112a643"),
        ("[2001:db8:1234:5678:11:2233:4455:6677]:32853", "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"),
    ] {
        let mut out = [0; RESPONSE_MAX];
        let length = write_success(&mut out, &TRANSACTION, address.parse::<SocketAddr>().unwrap(), PASSWORD);
        let message = &mut out[..length];
        assert_eq!(message[..2], [1, 1]);
        assert_eq!(message[8..20], TRANSACTION);
        assert_eq!(attributes(message)[0], (0x0020, hex(mapped)));
        assert_eq!(attributes(message).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [0x0020, 0x0008, 0x8028]);
    }
}

/// A response is protected as a request is; so, named as a request with a user, it verifies.
#[test]
fn responses_are_protected() {
    let mut out = [0; RESPONSE_MAX];
    let length = write_success(&mut out, &TRANSACTION, "192.0.2.1:1".parse().unwrap(), PASSWORD);
    let (covered, rest) = out[..length].split_at(length - 32);
    let mut signed = covered.to_vec();
    signed[2..4].copy_from_slice(&((length - 8 - 20) as u16).to_be_bytes());
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, PASSWORD);
    assert_eq!(aws_lc_rs::hmac::sign(&key, &signed).as_ref(), &rest[4..24]);
    let check = crc32fast::hash(&out[..length - 8]) ^ 0x5354_554e;
    assert_eq!(check.to_be_bytes(), rest[28..32]);
}

/// Our own request comes back as it was written.
#[test]
fn our_request_goes_round() {
    for use_candidate in [false, true] {
        let datagram = request(use_candidate);
        assert_eq!(classify(&datagram), Ok(Protocol::Stun));
        let request = BindingRequest::parse(&datagram).unwrap();
        assert_eq!((request.local_ufrag, request.remote_ufrag), ("server", "client"));
        assert_eq!(request.use_candidate, use_candidate);
        assert!(!request.controlled && !request.unknown);
        assert_eq!(request.verify(PASSWORD), Ok(()));
    }
}

/// The longest user name fits, and a buffer too short gives no message at all.
#[test]
fn messages_fit_their_buffers() {
    let username = format!("{}:{}", "s".repeat(251), "c".repeat(256));
    let mut out = [0; REQUEST_MAX];
    assert_eq!(write_request(&mut out, &TRANSACTION, &username, PASSWORD, true), REQUEST_MAX);
    assert_eq!(BindingRequest::parse(&out).unwrap().verify(PASSWORD), Ok(()));
    for length in 0..76 {
        let mut out = vec![0; length];
        assert_eq!(write_success(&mut out, &TRANSACTION, "[::1]:5".parse().unwrap(), PASSWORD), 0);
    }
}

/// An error response has the code in two parts and the reason in words; a long reason is cut at a character.
#[test]
fn errors_say_why() {
    let mut out = [0; RESPONSE_MAX];
    let length = write_error(&mut out, &TRANSACTION, 487, "Role Conflict", PASSWORD);
    assert_eq!(out[..2], [1, 0x11]);
    assert_eq!(attributes(&out[..length])[0], (0x0009, [&[0, 0, 4, 87], &b"Role Conflict"[..]].concat()));
    let length = write_error(&mut out, &TRANSACTION, 400, &"é".repeat(200), PASSWORD);
    assert_eq!(attributes(&out[..length])[0].1.len(), 4 + 64);
    let length = write_error(&mut out, &TRANSACTION, 400, &format!("x{}", "é".repeat(200)), PASSWORD);
    assert_eq!(attributes(&out[..length])[0].1.len(), 4 + 63);
}

/// An attribute that must be understood and is not is listed in the answer; an optional one is passed over.
#[test]
fn unknown_attributes_are_answered_with_their_names() {
    let optional = request_with(0xc057, &[0, 1, 0, 0]);
    assert!(!BindingRequest::parse(&optional).unwrap().unknown);
    let datagram = request_with(0x7abc, b"xyz");
    let request = BindingRequest::parse(&datagram).unwrap();
    assert!(request.unknown);
    assert_eq!(request.verify(PASSWORD), Ok(()));
    let mut out = [0; RESPONSE_MAX];
    let length = write_unknown_attributes(&mut out, &request, PASSWORD);
    let answer = attributes(&out[..length]);
    assert_eq!(answer[0].1[..4], [0, 0, 4, 20]);
    assert_eq!(answer[1], (0x000a, vec![0x7a, 0xbc]));
}

/// What follows the integrity is not protected and changes nothing.
#[test]
fn attributes_behind_the_integrity_are_ignored() {
    let mut datagram = request_with(0xc057, &[0, 1, 0, 0]);
    datagram.extend([0x80, 0x29, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    let length = (datagram.len() - 20) as u16;
    datagram[2..4].copy_from_slice(&length.to_be_bytes());
    let request = BindingRequest::parse(&datagram).unwrap();
    assert!(!request.controlled);
    assert_eq!(request.verify(PASSWORD), Ok(()));
}

/// Indications and responses are not requests, and a request needs a user and an integrity.
#[test]
fn other_messages_are_told_apart() {
    for kind in [[0x00, 0x11], [0x01, 0x01], [0x01, 0x11], [0x00, 0x03]] {
        let mut datagram = request(true);
        datagram[..2].copy_from_slice(&kind);
        assert_eq!(BindingRequest::parse(&datagram).err(), Some(DropReason::StunNotRequest));
    }
    let bare = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &TRANSACTION].concat();
    assert_eq!(BindingRequest::parse(&bare).err(), Some(DropReason::StunUnknownUser));
    let user = [&[0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42][..], &TRANSACTION, &[0, 6, 0, 3], b"a:b\0"].concat();
    assert_eq!(BindingRequest::parse(&user).unwrap().verify(PASSWORD), Err(DropReason::StunIntegrity));
    for name in [&b"abc\0"[..], b":bc\0", b"ab:\0", b"\xffa:\0"] {
        let datagram = [&user[..24], name].concat();
        assert_eq!(BindingRequest::parse(&datagram).err(), Some(DropReason::StunUnknownUser));
    }
}

/// A message cut at any length is refused.
#[test]
fn truncated_messages_are_refused() {
    for datagram in [request(true), hex(SAMPLE_REQUEST)] {
        for end in 0..datagram.len() {
            assert_eq!(BindingRequest::parse(&datagram[..end]).err(), Some(DropReason::StunMalformed));
        }
    }
}

/// Each byte of a request, changed in any way, is noticed; only the name of FINGERPRINT may change unpunished.
#[test]
fn changed_requests_are_refused() {
    let original = request(true);
    for at in 0..original.len() {
        for flip in 1..=255 {
            let mut datagram = original.clone();
            datagram[at] ^= flip;
            let accepted = BindingRequest::parse(&datagram).and_then(|request| request.verify(PASSWORD)).is_ok();
            let name_of_fingerprint = (original.len() - 8..original.len() - 6).contains(&at);
            assert!(!accepted || name_of_fingerprint, "byte {at} ^ {flip:#x}");
        }
    }
}

/// A transaction id is new once, until so many others have come that it is forgotten.
#[test]
fn a_transaction_counts_once() {
    let mut seen = Transactions::new();
    let id = |n: u32| [[0; 8].as_slice(), &n.to_be_bytes()].concat().try_into().unwrap();
    assert!(seen.insert(&[0; 12]), "a zero id is an id as any other");
    for n in 1..=255 {
        assert!(seen.insert(&id(n)));
        assert!(!seen.insert(&id(n)));
        assert!(!seen.insert(&id(0)));
    }
    assert!(seen.insert(&id(1000)));
    assert!(seen.insert(&id(0)), "the oldest of 256 was forgotten");
}

/// RFC 7983's ranges, and RFC 5761's within RTP's.
#[test]
fn datagrams_are_told_apart_by_their_first_bytes() {
    for first in 0..=255u8 {
        let expected = match first {
            0..=3 => Ok(Protocol::Stun),
            20..=63 => Ok(Protocol::Dtls),
            128..=191 => Ok(Protocol::Rtp),
            _ => Err(DropReason::UnknownProtocol),
        };
        assert_eq!(classify(&[first, 96]), expected);
    }
    for second in 0..=255u8 {
        let expected = if (192..=223).contains(&second) { Protocol::Rtcp } else { Protocol::Rtp };
        assert_eq!(classify(&[0x80, second]), Ok(expected));
    }
    assert_eq!(classify(&[]), Err(DropReason::UnknownProtocol));
    assert_eq!(classify(&[0x80]), Err(DropReason::RtpMalformed));
}

proptest! {
    /// Arbitrary bytes never panic and never verify.
    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let accepted = BindingRequest::parse(&bytes).and_then(|request| request.verify(PASSWORD));
        prop_assert!(accepted.is_err());
    }

    /// Nor do arbitrary attributes behind a good header, and an answer to them always fits.
    #[test]
    fn arbitrary_attributes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        bytes.resize(bytes.len() / 4 * 4, 0);
        let user = [0, 6, 0, 3, b'a', b':', b'b', 0];
        let length = ((user.len() + bytes.len()) as u16).to_be_bytes();
        let header = [&[0, 1, length[0], length[1], 0x21, 0x12, 0xa4, 0x42][..], &TRANSACTION].concat();
        let datagram = [header, user.to_vec(), bytes].concat();
        if let Ok(request) = BindingRequest::parse(&datagram) {
            prop_assert!(request.verify(PASSWORD).is_err());
            let mut out = [0; RESPONSE_MAX];
            prop_assert!(write_unknown_attributes(&mut out, &request, PASSWORD) > 0);
        }
    }
}
