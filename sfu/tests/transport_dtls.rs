//! DTLS between two of ours, in virtual time: loss, wrong certificates, noise, the end.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail as tests do")]

use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use sfu::transport::dtls::{
    Certificate, DATAGRAM_MAX, Dtls, DtlsError, DtlsOutput, DtlsRole, Established, Fingerprint,
};
use sfu::transport::srtp::{Opener, Profile, Sealer};
use sfu::transport::{Protocol, classify};

static CLIENT: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());
static SERVER: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());

/// Virtual time needs some origin; nothing here waits.
#[allow(clippy::disallowed_methods, reason = "an Instant cannot be made otherwise")]
fn origin() -> Instant {
    Instant::now()
}

/// One side, and what it has told so far.
struct Peer {
    dtls: Dtls,
    established: Option<Box<Established>>,
    closed: bool,
    error: Option<DtlsError>,
    deadline: Instant,
}

impl Peer {
    fn new(certificate: &Certificate, role: DtlsRole, expected: Fingerprint, now: Instant) -> Self {
        let dtls = Dtls::new(certificate, role, expected, now);
        Self { dtls, established: None, closed: false, error: None, deadline: now }
    }

    fn note(&mut self, result: Result<(), DtlsError>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }

    fn poll(&mut self) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        let mut buffer = [0; DATAGRAM_MAX];
        loop {
            match self.dtls.poll(&mut buffer) {
                DtlsOutput::Datagram(datagram) => sent.push(datagram.to_vec()),
                DtlsOutput::Established(established) => {
                    assert!(self.established.replace(established).is_none(), "established comes once");
                }
                DtlsOutput::Closed => assert!(!std::mem::replace(&mut self.closed, true), "closed comes once"),
                DtlsOutput::Timeout(deadline) => {
                    self.deadline = deadline;
                    return sent;
                }
            }
        }
    }
}

/// A client, a server and the air between them.
struct Link {
    start: Instant,
    now: Instant,
    client: Peer,
    server: Peer,
    /// (to the server, datagram)
    air: VecDeque<(bool, Vec<u8>)>,
}

impl Link {
    fn new() -> Self {
        Self::expecting(SERVER.fingerprint(), CLIENT.fingerprint())
    }

    /// `of_server` is what the client expects, `of_client` what the server expects.
    fn expecting(of_server: Fingerprint, of_client: Fingerprint) -> Self {
        let now = origin();
        let client = Peer::new(&CLIENT, DtlsRole::Client, of_server, now);
        let server = Peer::new(&SERVER, DtlsRole::Server, of_client, now);
        Self { start: now, now, client, server, air: VecDeque::new() }
    }

    fn collect(&mut self) {
        let to_server = self.client.poll().into_iter().map(|datagram| (true, datagram));
        self.air.extend(to_server);
        let to_client = self.server.poll().into_iter().map(|datagram| (false, datagram));
        self.air.extend(to_client);
    }

    fn deliver(&mut self, to_server: bool, datagram: &[u8]) {
        let peer = if to_server { &mut self.server } else { &mut self.client };
        let result = peer.dtls.handle_datagram(datagram, self.now);
        peer.note(result);
    }

    /// Runs until both are done or nothing more happens in 20 s; `through` changes each datagram into what arrives.
    fn run(&mut self, mut through: impl FnMut(bool, Vec<u8>) -> Vec<Vec<u8>>) {
        let end = self.now + Duration::from_secs(20);
        loop {
            self.collect();
            while let Some((to_server, datagram)) = self.air.pop_front() {
                for arrived in through(to_server, datagram) {
                    self.deliver(to_server, &arrived);
                }
                self.collect();
            }
            let next = self.client.deadline.min(self.server.deadline);
            if self.done() || next > end {
                return;
            }
            self.now = next.max(self.now);
            for peer in [&mut self.client, &mut self.server] {
                let result = peer.dtls.handle_timeout(self.now);
                peer.note(result);
            }
            if self.client.error.is_some() && self.server.error.is_some() {
                return;
            }
        }
    }

    fn done(&self) -> bool {
        self.client.established.is_some() && self.server.established.is_some()
    }

    fn took(&self) -> Duration {
        self.now - self.start
    }

    /// Media sealed with one side's keys opens with the other's, both ways.
    fn carries_media(&self) -> bool {
        let (Some(client), Some(server)) = (&self.client.established, &self.server.established) else { return false };
        let goes = |from: &Established, to: &Established| {
            let mut packet = [0; 64];
            let header = [0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
            let length = Sealer::new(&from.keys).seal_rtp(&header, b"media", &mut packet).unwrap();
            Opener::new(&to.keys).open_rtp(&mut packet[..length]) == Ok(17)
        };
        goes(client, server) && goes(server, client)
    }
}

fn established() -> Link {
    let mut link = Link::new();
    link.run(|_, datagram| vec![datagram]);
    assert!(link.carries_media());
    link
}

/// Two of ours agree on AES-256-GCM, on each other's certificates and on keys, without waiting for a timer.
#[test]
fn two_peers_shake_hands() {
    let link = established();
    assert_eq!(link.took(), Duration::ZERO);
    let (client, server) = (link.client.established.unwrap(), link.server.established.unwrap());
    assert_eq!(client.peer, SERVER.fingerprint());
    assert_eq!(server.peer, CLIENT.fingerprint());
    assert_eq!(client.keys.profile(), Profile::AeadAes256Gcm);
    assert_eq!(server.keys.profile(), Profile::AeadAes256Gcm);
}

/// All that goes over the wire is recognised as DTLS.
#[test]
fn handshake_datagrams_are_classified_as_dtls() {
    let mut link = Link::new();
    link.run(|_, datagram| {
        assert_eq!(classify(&datagram), Ok(Protocol::Dtls));
        vec![datagram]
    });
    assert!(link.done());
}

/// Any one datagram may be lost: it costs one or two timers, of 50 ms at the server and of 250 ms at the client, and nothing else.
#[test]
fn one_lost_datagram_is_repaired() {
    let mut sent = 0;
    Link::new().run(|_, datagram| {
        sent += 1;
        vec![datagram]
    });
    assert!(sent >= 4);
    for lost in 0..sent {
        let mut link = Link::new();
        let mut n = 0;
        link.run(|_, datagram| {
            n += 1;
            if n - 1 == lost { vec![] } else { vec![datagram] }
        });
        assert!(link.carries_media(), "datagram {lost} lost: {:?} {:?}", link.client.error, link.server.error);
        assert!(link.took() < Duration::from_millis(900), "datagram {lost} lost: {:?}", link.took());
    }
}

/// Duplicated datagrams change nothing.
#[test]
fn duplicated_datagrams_are_harmless() {
    let mut link = Link::new();
    link.run(|_, datagram| vec![datagram.clone(), datagram]);
    assert!(link.carries_media());
    assert_eq!((link.client.error, link.server.error), (None, None));
}

/// Splits a ClientHello in two records of a datagram each, as browsers send theirs; leaves all else alone.
fn split_client_hello(datagram: &[u8]) -> Vec<Vec<u8>> {
    if datagram[0] != 22 || datagram[13] != 1 {
        return vec![datagram.to_vec()];
    }
    let body = &datagram[25..];
    let (first, second) = body.split_at(body.len() / 2);
    let u24 = |n: usize| (n as u32).to_be_bytes()[1..].to_vec();
    let record = |sequence: u8, offset: usize, part: &[u8]| {
        let handshake = [&datagram[13..19], &u24(offset), &u24(part.len()), part].concat();
        let length = (handshake.len() as u16).to_be_bytes();
        [&datagram[..10], &[sequence], &length, &handshake].concat()
    };
    vec![record(0, 0, first), record(1, first.len(), second)]
}

/// A ClientHello in two datagrams is put together in either order, and when either one is lost at first.
#[test]
fn a_client_hello_may_come_in_two_datagrams() {
    for arriving in [&[0, 1][..], &[1, 0], &[0], &[1], &[]] {
        let mut link = Link::new();
        let mut first_time = true;
        link.run(|to_server, datagram| {
            let parts = if to_server { split_client_hello(&datagram) } else { vec![datagram] };
            if parts.len() == 2 && std::mem::take(&mut first_time) {
                return arriving.iter().map(|i| parts[*i].clone()).collect();
            }
            parts
        });
        assert!(link.carries_media(), "{arriving:?}: {:?} {:?}", link.client.error, link.server.error);
        assert!(link.took() < Duration::from_millis(400), "{arriving:?}: {:?}", link.took());
    }
}

/// A ClientHello that is there before anything else was called does not panic.
#[test]
fn a_client_hello_may_come_at_once() {
    let now = origin();
    let mut client = Peer::new(&CLIENT, DtlsRole::Client, SERVER.fingerprint(), now);
    let hello = client.poll().remove(0);
    let mut server = Dtls::new(&SERVER, DtlsRole::Server, CLIENT.fingerprint(), now);
    assert_eq!(server.handle_datagram(&hello, now), Ok(()));
}

/// Either side stops at a certificate that was not announced, names both fingerprints, and sends nothing more.
#[test]
fn a_wrong_fingerprint_ends_the_handshake() {
    let wrong = Fingerprint([0xab; 32]);
    let mut link = Link::expecting(wrong, CLIENT.fingerprint());
    link.run(|_, datagram| vec![datagram]);
    let expected = DtlsError::Fingerprint { expected: wrong, presented: SERVER.fingerprint() };
    assert_eq!(link.client.error, Some(expected.clone()));
    assert!(!link.done() && link.server.established.is_none());
    assert!(expected.to_string().contains("AB:AB") && expected.to_string().contains(&SERVER.fingerprint().to_string()));
    assert!(expected.is_fatal());
    assert_eq!(link.client.dtls.handle_timeout(link.now), Err(expected));

    let mut link = Link::expecting(SERVER.fingerprint(), wrong);
    link.run(|_, datagram| vec![datagram]);
    let expected = DtlsError::Fingerprint { expected: wrong, presented: CLIENT.fingerprint() };
    assert_eq!(link.server.error, Some(expected));
    assert!(link.server.established.is_none() && link.client.established.is_none());
}

/// A client that nobody answers gives up after 10 s, and says so.
#[test]
fn a_handshake_ends_after_ten_seconds() {
    let mut link = Link::new();
    link.run(|_, _| vec![]);
    let error = link.client.error.clone().unwrap();
    assert!(error.is_fatal() && error.to_string().starts_with("the DTLS handshake failed"), "{error}");
    assert!((8..=10).contains(&link.took().as_secs()), "{:?}", link.took());
}

/// Closing tells the other side, once; its own close is then no error.
#[test]
fn close_reaches_the_other_side() {
    let mut link = established();
    link.client.dtls.close();
    link.collect();
    let (to_server, datagram) = link.air.pop_front().unwrap();
    assert!(to_server);
    link.deliver(true, &datagram);
    link.collect();
    assert!(link.server.closed);
    link.server.dtls.close();
    link.collect();
    assert_eq!((&link.client.error, &link.server.error), (&None, &None));
}

/// Closing before the handshake is done sends nothing and leaves no timer.
#[test]
fn an_early_close_is_silent() {
    let now = origin();
    let mut server = Peer::new(&SERVER, DtlsRole::Server, CLIENT.fingerprint(), now);
    server.dtls.close();
    assert!(server.poll().is_empty());
    assert!(server.deadline > now + Duration::from_secs(3600));
}

/// An established session outlives its own handshake replayed, cut and changed byte by byte, and still can close.
#[test]
fn noise_does_not_end_an_established_session() {
    let mut recorded = Vec::new();
    let mut link = Link::new();
    link.run(|to_server, datagram| {
        recorded.push((to_server, datagram.clone()));
        vec![datagram]
    });
    for (to_server, datagram) in &recorded {
        for at in 0..datagram.len() {
            let mut changed = datagram.clone();
            changed[at] ^= 0x55;
            for noise in [&changed[..], &datagram[..at], datagram] {
                link.deliver(*to_server, noise);
                link.deliver(!*to_server, noise);
                link.collect();
                link.air.clear();
            }
        }
    }
    assert_eq!((&link.client.error, &link.server.error), (&None, &None));
    link.client.dtls.close();
    link.collect();
    let (_, datagram) = link.air.pop_front().unwrap();
    link.deliver(true, &datagram);
    link.collect();
    assert!(link.server.closed);
}

/// Cut copies of each datagram before the real one don't disturb a handshake.
#[test]
fn truncated_datagrams_do_not_disturb_a_handshake() {
    for keep in [1, 12, 13, 14, 24, 25, 26, 40, 100, 300, 600] {
        let mut link = Link::new();
        link.run(|_, datagram| {
            let cut = datagram[..keep.min(datagram.len() - 1)].to_vec();
            vec![cut, datagram]
        });
        assert!(link.carries_media(), "cut at {keep}: {:?} {:?}", link.client.error, link.server.error);
    }
}

/// Fingerprints are read as SDP writes them, without colons and in lower case, and an error says what was wrong.
#[test]
fn fingerprints_are_read_and_written() {
    let fingerprint = SERVER.fingerprint();
    let text = fingerprint.to_string();
    assert_eq!(text.len(), 95);
    assert_eq!(text, text.to_uppercase());
    for form in [text.clone(), text.to_lowercase(), text.replace(':', "")] {
        assert_eq!(form.parse(), Ok(fingerprint));
    }
    for (wrong, says) in [
        ("", "ends after 0 bytes"),
        (&text[..92], "ends after 31 bytes"),
        (&format!("{text}:00"), "more than the 32 bytes"),
        (&text.replacen(':', "G", 1), "'G' in byte 2"),
    ] {
        let error = wrong.parse::<Fingerprint>().unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Garbage at any moment of a handshake panics nowhere, and does not disturb it unless it is framed as records.
    #[test]
    fn garbage_does_not_panic(
        noise in prop::collection::vec((20u8..64, prop::collection::vec(any::<u8>(), 0..80)), 1..20),
        well_framed in any::<bool>(),
    ) {
        let mut noise = noise.into_iter().cycle();
        let mut link = Link::new();
        link.run(|_, datagram| {
            let (first, rest) = noise.next().unwrap_or_default();
            let garbage = if well_framed {
                let length = (rest.len() as u16).to_be_bytes();
                [&[20 + first % 4, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9][..], &length, &rest].concat()
            } else {
                [&[first], &rest[..]].concat()
            };
            vec![garbage, datagram]
        });
        let garbage = [&[22, 0xfe, 0xfd, 0, 1][..], &[7; 60]].concat();
        link.deliver(true, &garbage);
        link.deliver(false, &garbage);
        prop_assert!(well_framed || link.carries_media());
    }
}
