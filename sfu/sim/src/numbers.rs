//! Judges the numbers of one received stream: what is missing, used twice, or stepped back, and whose fault a gap is.
//!
//! The stamp in each packet names its source and its number there. Within one source's time in a slot both numberings differ by
//! a constant, so a missing number names the source's packet that is missing; where the engine left packets out the constant
//! changes, and a missing number is one of those in between.

use std::collections::{BTreeMap, BTreeSet};

use crate::payload::{Picture, Stamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    source: u64,
    sequence: u64,
    timestamp: u32,
    /// Picture id, and TL0PICIDX where there are layers; none of a voice and of H.264.
    picture: Option<(u16, Option<u8>)>,
}

impl Seen {
    /// What the numberings differ by, while this source is in the slot.
    fn epoch(&self, outgoing: u64) -> (u64, i64) {
        (self.source, outgoing.wrapping_sub(self.sequence) as i64)
    }

    /// The source, and which of its layers: they have numbers of their own (`camera.rs`).
    fn layer(&self) -> (u64, u64) {
        (self.source, self.sequence >> 40)
    }

    /// Whether picture id and TL0PICIDX go on from the packet just before: the same, or one more; one more for another source.
    fn goes_on_from(&self, old: &Self) -> bool {
        let (Some((id, tl0)), Some((old_id, old_tl0))) = (self.picture, old.picture) else { return true };
        let least = u16::from(self.layer() != old.layer());
        let step = tl0.zip(old_tl0).map_or(least, |(tl0, old_tl0)| u16::from(tl0.wrapping_sub(old_tl0)));
        [id.wrapping_sub(old_id) & 0x7FFF, step].iter().all(|step| (least..=1).contains(step))
    }
}

/// Every packet of one stream by its number.
#[derive(Debug, Default)]
pub struct Numbers {
    seen: BTreeMap<u64, Seen>,
    blanks: BTreeSet<u64>,
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
    /// Missing numbers where the engine left packets out: the source, the packets between two that came, and how many numbers.
    pub among: Vec<(u64, std::ops::Range<u64>, usize)>,
    /// Missing numbers between two sources or layers: nobody's packet.
    pub between: u64,
    /// Numbers that came without a picture.
    pub blanks: u64,
    /// Numbers that came with two different packets.
    pub reused: u64,
    /// Packets that came twice, as they were.
    pub duplicates: u64,
    /// Times that the timestamp went back while the number went on.
    pub stepped_back: u64,
    /// Picture ids or TL0PICIDX that do not go on from packet to packet.
    pub jumps: u64,
}

impl Numbers {
    /// Takes a packet; false when its number came before.
    pub fn on_packet(&mut self, outgoing: u64, timestamp: u32, picture: Option<&Picture>, stamp: &Stamp) -> bool {
        let picture = picture.and_then(|picture| Some((picture.id?, picture.layer.map(|(tl0, _)| tl0))));
        let seen = Seen { source: stamp.source, sequence: stamp.sequence, timestamp, picture };
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

    /// Takes a packet without a payload.
    pub fn on_blank(&mut self, outgoing: u64) {
        let fresh = self.blanks.insert(outgoing) && !self.seen.contains_key(&outgoing);
        self.reused += u64::from(!fresh);
    }

    /// The judgement so far.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict {
            packets: self.seen.len() as u64,
            blanks: self.blanks.len() as u64,
            reused: self.reused,
            duplicates: self.duplicates,
            ..Verdict::default()
        };
        let mut before: Option<(u64, Seen)> = None;
        for (outgoing, seen) in &self.seen {
            verdict.compare(before, (*outgoing, *seen), &self.blanks);
            before = Some((*outgoing, *seen));
        }
        verdict
    }
}

impl Verdict {
    fn compare(&mut self, before: Option<(u64, Seen)>, (outgoing, seen): (u64, Seen), blanks: &BTreeSet<u64>) {
        let Some((previous, old)) = before else {
            self.epochs += 1;
            return;
        };
        self.stepped_back += u64::from((seen.timestamp.wrapping_sub(old.timestamp) as i32) < 0);
        self.jumps += u64::from(outgoing == previous + 1 && !seen.goes_on_from(&old));
        let missing = (previous + 1..outgoing).filter(|number| !blanks.contains(number));
        if old.epoch(previous) == seen.epoch(outgoing) {
            self.gaps.extend(missing.map(|number| (seen.source, old.sequence + (number - previous))));
        } else if old.layer() == seen.layer() && old.sequence < seen.sequence {
            self.among.push((seen.source, old.sequence + 1..seen.sequence, missing.count()));
        } else {
            self.epochs += 1;
            self.between += missing.count() as u64;
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
            let id = Some((*outgoing + 30 * (*sequence / 900)) as u16);
            let picture = Picture { start: true, key: false, id, layer: None };
            numbers.on_packet(*outgoing, *outgoing as u32 * 3000, Some(&picture), &stamp);
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

    /// Where packets were left out, what is missing is one of those between; what only fills a number is not missing.
    #[test]
    fn packets_left_out_leave_no_number_free() {
        let seen = verdict(&[(10, 1, 500), (11, 1, 503), (13, 1, 507)]);
        assert_eq!((seen.gaps, seen.between, seen.epochs), (vec![], 0, 1));
        assert_eq!(seen.among, [(1, 501..503, 0), (1, 504..507, 1)]);
        let mut numbers = Numbers::default();
        for (outgoing, sequence) in [(10, 500), (12, 502)] {
            let stamp = Stamp { source: 1, frame: 0, reference: 0, captured_us: 0, sequence };
            numbers.on_packet(outgoing, 0, None, &stamp);
        }
        numbers.on_blank(11);
        assert_eq!((numbers.verdict().gaps, numbers.verdict().blanks), (vec![], 1));
        numbers.on_blank(12);
        assert_eq!(numbers.verdict().reused, 1);
    }

    /// Picture ids go on by one; a jump is seen, but not across a gap, where a picture may be missing.
    #[test]
    fn picture_ids_go_on() {
        assert_eq!(verdict(&[(10, 1, 500), (11, 2, 700), (12, 2, 701)]).jumps, 0);
        assert_eq!(verdict(&[(10, 1, 500), (11, 2, 900)]).jumps, 1);
        assert_eq!(verdict(&[(10, 1, 500), (12, 2, 900)]).jumps, 0);
    }

    /// A number that two packets bear is a reuse, the same packet again is not.
    #[test]
    fn reuse_is_not_duplication() {
        let seen = verdict(&[(10, 1, 500), (10, 1, 500), (10, 1, 501)]);
        assert_eq!((seen.duplicates, seen.reused), (1, 1));
    }
}
