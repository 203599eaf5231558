//! Transport-wide feedback: when each packet of a publisher arrived, so that its sender can estimate its uplink.
//!
//! `node/ingress.rs` notes arrivals, `node/upkeep.rs` writes the feedback. Source: draft-holmer-rmcat-transport-wide-cc-extensions-01.

use super::sequence::Unwrapper;

/// Arrivals that are remembered: 1,024 packets are 2 s at 5 Mbit/s, beyond what a feedback may span.
const WINDOW: u64 = 1024;
/// Packets that one feedback reports on at most, so that it stays well below a datagram.
const REPORT_MAX: u64 = 400;
/// Units of the reference time: 64 ms.
const REFERENCE_US: i64 = 64_000;
/// Units of a delta: 250 µs.
const DELTA_US: i64 = 250;
/// A status vector chunk of two-bit symbols holds seven.
const VECTOR: usize = 7;
/// A run length has 13 bits.
const RUN_MAX: usize = 0x1FFF;

/// What happened to a packet; the values are the two-bit symbols on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Lost = 0,
    Small = 1,
    Large = 2,
}

/// Arrivals of one publisher's packets by their transport-wide sequence numbers.
#[derive(Debug)]
pub struct Arrivals {
    unwrapper: Unwrapper,
    ring: Box<[Option<(u64, i64)>]>,
    /// The first number that the next feedback reports on; none when there is nothing new.
    next: Option<u64>,
    newest: u64,
    feedbacks: u8,
    symbols: Vec<Symbol>,
    deltas: Vec<u8>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            unwrapper: Unwrapper::default(),
            ring: vec![None; WINDOW as usize].into_boxed_slice(),
            next: None,
            newest: 0,
            feedbacks: 0,
            symbols: Vec::new(),
            deltas: Vec::new(),
        }
    }
}

impl Arrivals {
    /// Notes a packet that arrived `at_us` microseconds after some fixed moment.
    pub fn on_packet(&mut self, sequence: u16, at_us: i64) {
        let sequence = self.unwrapper.unwrap(sequence);
        if sequence + WINDOW <= self.newest {
            return; // too late to matter to anybody
        }
        let index = (sequence % WINDOW) as usize;
        let Some(place) = self.ring.get_mut(index) else { return };
        if place.is_some_and(|(known, _)| known == sequence) {
            return;
        }
        *place = Some((sequence, at_us));
        self.newest = self.newest.max(sequence);
        // A late packet was reported as lost: reporting it again corrects that.
        self.next =
            Some(self.next.map_or(sequence, |next| next.min(sequence)).max((self.newest + 1).saturating_sub(WINDOW)));
    }

    /// Whether there is something to report.
    pub fn is_due(&self) -> bool {
        self.next.is_some()
    }

    /// Appends one feedback packet to `out`; `media` is the SSRC that stands for the transport.
    pub fn write(&mut self, out: &mut Vec<u8>, sender: u32, media: u32) {
        let Some(next) = self.next else { return };
        // A feedback begins with times: what is lost before the first packet that came is reported where it fits.
        let Some((came, at)) = (next..=self.newest).find_map(|sequence| Some((sequence, self.arrival(sequence)?)))
        else {
            self.next = None;
            return;
        };
        let first = next.max((came + 1).saturating_sub(REPORT_MAX));
        let end = (self.newest + 1).min(first + REPORT_MAX);
        let reference = at.div_euclid(REFERENCE_US);
        self.encode(first, end, reference * REFERENCE_US);
        let start = out.len();
        out.extend_from_slice(&[0x80 | 15, 205, 0, 0]);
        out.extend_from_slice(&sender.to_be_bytes());
        out.extend_from_slice(&media.to_be_bytes());
        out.extend_from_slice(&(first as u16).to_be_bytes());
        out.extend_from_slice(&(self.symbols.len() as u16).to_be_bytes());
        out.extend_from_slice(&(((reference as u32) << 8) | u32::from(self.feedbacks)).to_be_bytes());
        write_chunks(out, &self.symbols);
        out.extend_from_slice(&self.deltas);
        finish(out, start);
        self.feedbacks = self.feedbacks.wrapping_add(1);
        let after = first + self.symbols.len() as u64;
        self.next = (after <= self.newest).then_some(after);
    }

    /// Fills symbols and deltas; ends before a delta that does not fit, which the next feedback's reference mends.
    fn encode(&mut self, first: u64, end: u64, mut last: i64) {
        self.symbols.clear();
        self.deltas.clear();
        for sequence in first..end {
            let Some(at) = self.arrival(sequence) else {
                self.symbols.push(Symbol::Lost);
                continue;
            };
            let delta = (at - last).div_euclid(DELTA_US);
            if let Ok(small) = u8::try_from(delta) {
                self.symbols.push(Symbol::Small);
                self.deltas.push(small);
            } else if let Ok(large) = i16::try_from(delta) {
                self.symbols.push(Symbol::Large);
                self.deltas.extend_from_slice(&large.to_be_bytes());
            } else {
                break;
            }
            last += delta * DELTA_US;
        }
    }

    fn arrival(&self, sequence: u64) -> Option<i64> {
        let entry = self.ring.get((sequence % WINDOW) as usize).copied().flatten();
        entry.filter(|(known, _)| *known == sequence).map(|(_, at)| at)
    }
}

fn write_chunks(out: &mut Vec<u8>, symbols: &[Symbol]) {
    let mut rest = symbols;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|symbol| *symbol == first).count().min(RUN_MAX);
        let taken = if run > VECTOR || run == rest.len() {
            out.extend_from_slice(&(((*first as u16) << 13) | run as u16).to_be_bytes());
            run
        } else {
            let vector = rest.get(..VECTOR).unwrap_or(rest);
            let bits = vector
                .iter()
                .enumerate()
                .fold(0u16, |bits, (index, symbol)| bits | ((*symbol as u16) << (12 - 2 * index)));
            out.extend_from_slice(&(0xC000 | bits).to_be_bytes());
            vector.len()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
}

/// Pads to a whole word, with the padding counted in the last byte, and writes the length.
fn finish(out: &mut Vec<u8>, start: usize) {
    let padding = (4 - (out.len() - start) % 4) % 4;
    if padding > 0 {
        out.resize(out.len() + padding - 1, 0);
        out.push(padding as u8);
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    if let Some([first, _, length @ ..]) = out.get_mut(start..start + 4) {
        *first |= if padding > 0 { 0x20 } else { 0 };
        length.copy_from_slice(&words.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::bytes::{u8_at, u16_at, u24_at};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Reads a feedback as a sender does: arrival in µs by sequence number, none for a lost one.
    fn read(packet: &[u8]) -> Vec<(u16, Option<i64>)> {
        assert_eq!(4 * (usize::from(u16_at(packet, 2).unwrap()) + 1), packet.len());
        let (base, count) = (u16_at(packet, 12).unwrap(), usize::from(u16_at(packet, 14).unwrap()));
        let mut at = i64::from(u24_at(packet, 16).unwrap()) * REFERENCE_US;
        let (mut symbols, mut place) = (Vec::new(), 20);
        while symbols.len() < count {
            let chunk = u16_at(packet, place).unwrap();
            place += 2;
            if chunk & 0x8000 == 0 {
                symbols.extend(std::iter::repeat_n((chunk >> 13) & 3, usize::from(chunk & 0x1FFF)));
            } else {
                symbols.extend((0..VECTOR).map(|index| (chunk >> (12 - 2 * index)) & 3));
            }
        }
        symbols.truncate(count);
        let arrivals = symbols.into_iter().map(|symbol| {
            let delta = match symbol {
                1 => i64::from(u8_at(packet, place).unwrap()),
                2 => i64::from(u16_at(packet, place).unwrap() as i16),
                _ => return None,
            };
            place += usize::from(symbol);
            at += delta * DELTA_US;
            Some(at)
        });
        arrivals.enumerate().map(|(index, arrival)| (base.wrapping_add(index as u16), arrival)).collect()
    }

    #[test]
    fn loss_and_roll_over_are_reported() {
        let mut arrivals = Arrivals::default();
        for (sequence, at) in [(65_534, 1_000), (65_535, 2_000), (1, 3_000), (2, 900_000)] {
            arrivals.on_packet(sequence, at);
        }
        let mut out = Vec::new();
        arrivals.write(&mut out, 1, 2);
        let seen = read(&out);
        assert_eq!(seen.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [65_534, 65_535, 0, 1, 2]);
        assert_eq!(seen[2].1, None);
        assert_eq!(seen[4].1, Some(900_000));
        assert!(!arrivals.is_due());
    }

    #[test]
    fn a_late_packet_corrects_its_loss() {
        let mut arrivals = Arrivals::default();
        arrivals.on_packet(10, 0);
        arrivals.on_packet(12, 1_000);
        arrivals.write(&mut Vec::new(), 1, 2);
        arrivals.on_packet(11, 5_000);
        let mut out = Vec::new();
        arrivals.write(&mut out, 1, 2);
        assert_eq!(read(&out), [(11, Some(5_000)), (12, Some(1_000))]);
    }

    /// More lost in a row than a feedback holds: what came behind them is reported all the same.
    #[test]
    fn a_long_loss_hides_nothing_behind_it() {
        let mut arrivals = Arrivals::default();
        arrivals.on_packet(1, 0);
        arrivals.write(&mut Vec::new(), 1, 2);
        arrivals.on_packet(2 + 2 * REPORT_MAX as u16, 5_000);
        let mut out = Vec::new();
        arrivals.write(&mut out, 1, 2);
        assert!(!out.is_empty() && !arrivals.is_due());
    }

    proptest! {
        #[test]
        fn what_arrived_is_what_is_read(start in any::<u16>(), steps in proptest::collection::vec((1u64..12, -30_000i64..200_000), 1..300)) {
            let (mut arrivals, mut truth) = (Arrivals::default(), BTreeMap::new());
            let (mut sequence, mut at) = (u64::from(start), 10_000_000i64);
            for (gap, time) in steps {
                sequence += gap;
                at = (at + time).max(1);
                arrivals.on_packet(sequence as u16, at);
                truth.insert(sequence as u16, at);
            }
            let first = sequence.saturating_sub(WINDOW - 1);
            let mut seen = BTreeMap::new();
            while arrivals.is_due() {
                let mut out = Vec::new();
                arrivals.write(&mut out, 1, 2);
                prop_assert!(out.len() < 1200);
                seen.extend(read(&out));
            }
            for known in first..=sequence {
                let (expected, reported) = (truth.get(&(known as u16)), seen.get(&(known as u16)).copied().flatten());
                match (expected, reported) {
                    (Some(expected), Some(reported)) => prop_assert!((expected - reported).abs() <= DELTA_US, "{expected} {reported}"),
                    (None, None) => {}
                    other => prop_assert!(known <= u64::from(start), "{known}: {other:?}"),
                }
            }
        }
    }
}
