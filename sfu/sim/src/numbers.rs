//! Judges the numbers of one received stream: what is missing, used twice, or stepped back, and whose fault a gap is.
//!
//! The stamp in each packet names its source and its number there. Within one source's time in a slot both numberings differ by
//! a constant, so a missing number names the source's packet that is missing.

use std::collections::BTreeMap;

use crate::payload::Stamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    source: u64,
    sequence: u64,
    timestamp: u32,
}

impl Seen {
    /// What the numberings differ by, while this source is in the slot.
    fn epoch(&self, outgoing: u64) -> (u64, i64) {
        (self.source, outgoing.wrapping_sub(self.sequence) as i64)
    }
}

/// Every packet of one stream by its number.
#[derive(Debug, Default)]
pub struct Numbers {
    seen: BTreeMap<u64, Seen>,
    reused: u64,
    duplicates: u64,
}

/// What is to be said of a stream's numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Different packets received.
    pub packets: u64,
    /// Times that a source came into the slot.
    pub epochs: u64,
    /// Missing numbers within a source's time: the source and its number.
    pub gaps: Vec<(u64, u64)>,
    /// Missing numbers between two sources: nobody's packet.
    pub between: u64,
    /// Numbers that came with two different packets.
    pub reused: u64,
    /// Packets that came twice, as they were.
    pub duplicates: u64,
    /// Times that the timestamp went back while the number went on.
    pub stepped_back: u64,
}

impl Numbers {
    /// Takes a packet; false when its number came before.
    pub fn on_packet(&mut self, outgoing: u64, timestamp: u32, stamp: &Stamp) -> bool {
        let seen = Seen { source: stamp.source, sequence: stamp.sequence, timestamp };
        match self.seen.get(&outgoing) {
            Some(before) if *before == seen => self.duplicates += 1,
            Some(_) => self.reused += 1,
            None => {
                self.seen.insert(outgoing, seen);
                return true;
            }
        }
        false
    }

    /// Whether the packet is here.
    pub fn has(&self, source: u64, sequence: u64) -> bool {
        self.seen.values().any(|seen| (seen.source, seen.sequence) == (source, sequence))
    }

    /// The judgement so far.
    pub fn verdict(&self) -> Verdict {
        let packets = self.seen.len() as u64;
        let mut verdict = Verdict { packets, reused: self.reused, duplicates: self.duplicates, ..Verdict::default() };
        let mut before: Option<(u64, Seen)> = None;
        for (outgoing, seen) in &self.seen {
            verdict.compare(before, (*outgoing, *seen));
            before = Some((*outgoing, *seen));
        }
        verdict
    }
}

impl Verdict {
    fn compare(&mut self, before: Option<(u64, Seen)>, (outgoing, seen): (u64, Seen)) {
        let Some((previous, old)) = before else {
            self.epochs += 1;
            return;
        };
        self.stepped_back += u64::from((seen.timestamp.wrapping_sub(old.timestamp) as i32) < 0);
        if old.epoch(previous) == seen.epoch(outgoing) {
            self.gaps.extend((old.sequence + 1..seen.sequence).map(|sequence| (seen.source, sequence)));
        } else {
            self.epochs += 1;
            self.between += outgoing - previous - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(packets: &[(u64, u64, u64)]) -> Verdict {
        let mut numbers = Numbers::default();
        for (outgoing, source, sequence) in packets {
            let stamp = Stamp { source: *source, frame: 0, reference: 0, captured_us: 0, sequence: *sequence };
            numbers.on_packet(*outgoing, *outgoing as u32 * 3000, &stamp);
        }
        numbers.verdict()
    }

    /// A number kept free names the packet that it is kept for; a change of source keeps none free.
    #[test]
    fn gaps_have_owners() {
        let seen = verdict(&[(10, 1, 500), (12, 1, 502), (13, 2, 7), (14, 2, 8)]);
        assert_eq!((seen.gaps, seen.between, seen.epochs, seen.reused), (vec![(1, 501)], 0, 2, 0));
        assert_eq!(verdict(&[(10, 1, 500), (12, 2, 7)]).between, 1);
    }

    /// A number that two packets bear is a reuse, the same packet again is not.
    #[test]
    fn reuse_is_not_duplication() {
        let seen = verdict(&[(10, 1, 500), (10, 1, 500), (10, 1, 501)]);
        assert_eq!((seen.duplicates, seen.reused), (1, 1));
    }
}
