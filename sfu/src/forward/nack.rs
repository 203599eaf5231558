//! What a publisher's stream is missing, and when to ask for it again. Source: RFC 4585 §6.2.1.

use std::time::{Duration, Instant};

/// A gap younger than this is taken for reordering; local networks reorder within it.
const REORDERING: Duration = Duration::from_millis(10);
/// The pause between two requests for the same packet: a round trip on a bad day within a province.
const RETRY: Duration = Duration::from_millis(80);
/// After this many requests the packet is given up.
const TRIES: u8 = 8;
/// More missing at once is no loss but a break: a key frame mends it.
const MISSING_MAX: usize = 256;

#[derive(Debug, Clone, Copy)]
struct Missing {
    sequence: u64,
    since: Instant,
    asked: Option<Instant>,
    tries: u8,
}

/// The list of missing packets of one stream.
#[derive(Debug, Default)]
pub struct NackGenerator {
    newest: Option<u64>,
    missing: Vec<Missing>,
}

impl NackGenerator {
    /// Notes an arrival. Returns true when the gap before it is too large to be asked for.
    pub fn on_packet(&mut self, sequence: u64, now: Instant) -> bool {
        let Some(newest) = self.newest else {
            self.newest = Some(sequence);
            return false;
        };
        if sequence <= newest {
            self.missing.retain(|missing| missing.sequence != sequence);
            return false;
        }
        self.newest = Some(sequence);
        let gap = (sequence - newest - 1) as usize;
        if self.missing.len() + gap > MISSING_MAX {
            self.missing.clear();
            return true;
        }
        self.missing.extend((newest + 1..sequence).map(|sequence| Missing {
            sequence,
            since: now,
            asked: None,
            tries: 0,
        }));
        false
    }

    /// The sequence numbers to ask for now, ascending; each call counts as a try.
    pub fn due(&mut self, now: Instant, out: &mut Vec<u16>) {
        out.clear();
        for missing in &mut self.missing {
            let waited = missing
                .asked
                .map_or(now.duration_since(missing.since) >= REORDERING, |asked| now.duration_since(asked) >= RETRY);
            if waited {
                missing.asked = Some(now);
                missing.tries += 1;
                out.push(missing.sequence as u16);
            }
        }
        self.missing.retain(|missing| missing.tries < TRIES);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_asked_for_after_reordering_had_its_time_and_again_until_it_arrives() {
        let (mut generator, start, mut due) = (NackGenerator::default(), Instant::now(), Vec::new());
        generator.on_packet(100, start);
        generator.on_packet(103, start);
        generator.due(start, &mut due);
        assert!(due.is_empty());
        generator.due(start + REORDERING, &mut due);
        assert_eq!(due, [101, 102]);
        generator.on_packet(101, start + REORDERING);
        generator.due(start + REORDERING + RETRY, &mut due);
        assert_eq!(due, [102]);
    }

    #[test]
    fn a_packet_is_given_up_after_its_tries() {
        let (mut generator, start, mut due) = (NackGenerator::default(), Instant::now(), Vec::new());
        generator.on_packet(1, start);
        generator.on_packet(3, start);
        for round in 1..=u32::from(TRIES) {
            generator.due(start + RETRY * round, &mut due);
            assert_eq!(due, [2]);
        }
        generator.due(start + RETRY * 100, &mut due);
        assert!(due.is_empty());
    }

    #[test]
    fn a_break_asks_for_nothing() {
        let (mut generator, start, mut due) = (NackGenerator::default(), Instant::now(), Vec::new());
        generator.on_packet(1, start);
        assert!(generator.on_packet(1000, start));
        generator.due(start + RETRY, &mut due);
        assert!(due.is_empty());
    }
}
