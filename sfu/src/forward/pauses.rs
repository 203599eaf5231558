//! Which pictures a viewer misses because its link does not carry them, said with some patience. Pure.
//!
//! `subscriber.rs` looks at its slots ten times a second and asks here; `node/upkeep.rs` tells Python what changed.

use std::time::{Duration, Instant};

/// A picture is called paused when it was held back for so long: a tile that says so for a blink tells nobody anything.
const PAUSED: Duration = Duration::from_secs(1);
/// … and no more when it was there again for so long: a link that is tried and does not carry it is too narrow by then.
const BACK: Duration = Duration::from_secs(3);

/// A picture slot at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Its number.
    pub slot: u32,
    /// The key of the track that would be seen in it: pictures of it come, and the viewer shows it.
    pub wanted: Option<usize>,
    /// Whether the link had nothing for it.
    pub held: bool,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    track: Option<usize>,
    held: bool,
    since: Instant,
    told: bool,
}

/// What one viewer was told.
#[derive(Debug, Default)]
pub struct Pauses {
    places: Vec<Place>,
    told: Vec<u32>,
}

impl Pauses {
    /// Takes in all picture slots, always in the same order. Returns the numbers of those that are paused where they are others
    /// than last time.
    pub fn look(&mut self, slots: impl Iterator<Item = Look>, now: Instant) -> Option<&[u32]> {
        let mut paused = Vec::new();
        for (index, look) in slots.enumerate() {
            let fresh = Place { track: look.wanted, held: look.held, since: now, told: false };
            if index >= self.places.len() {
                self.places.push(fresh);
            }
            let Some(place) = self.places.get_mut(index) else { break };
            place.look(fresh);
            paused.extend(place.told.then_some(look.slot));
        }
        if paused == self.told {
            return None;
        }
        self.told = paused;
        Some(&self.told)
    }
}

impl Place {
    /// Another picture begins anew: what was said of the one before is not said of it.
    fn look(&mut self, fresh: Self) {
        if self.track != fresh.track {
            *self = fresh;
        } else if self.held != fresh.held {
            (self.held, self.since) = (fresh.held, fresh.since);
        } else if fresh.since.duration_since(self.since) >= if self.held { PAUSED } else { BACK } {
            self.told = self.held && self.track.is_some();
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a test needs some instant to start from, and fails by a panic"
)]
mod tests {
    use super::*;

    /// What is told, half a second after half a second, of slots 1 and 3 that are held, or not, or not wanted.
    fn told(script: &[[Option<bool>; 2]]) -> Vec<Option<Vec<u32>>> {
        let (mut pauses, start) = (Pauses::default(), Instant::now());
        let tell = |(step, looks): (u32, &[Option<bool>; 2])| {
            let slots = [1, 3].into_iter().zip(looks).map(|(slot, held)| Look {
                slot,
                wanted: held.map(|_| slot as usize),
                held: held.unwrap_or(true),
            });
            pauses.look(slots, start + Duration::from_millis(500) * step).map(<[u32]>::to_vec)
        };
        (0..).zip(script).map(tell).collect()
    }

    #[test]
    fn a_pause_is_told_after_a_second_and_its_end_after_three() {
        const SENT: [Option<bool>; 2] = [Some(false), Some(false)];
        const HELD: [Option<bool>; 2] = [Some(false), Some(true)];
        let mut script = vec![SENT; 14];
        script[2..6].fill(HELD);
        let mut expected = vec![None; 14];
        expected[4] = Some(vec![3]);
        expected[12] = Some(vec![]);
        assert_eq!(told(&script), expected);
    }

    #[test]
    fn what_comes_and_goes_is_not_told() {
        let (sent, held) = ([Some(false); 2], [Some(true); 2]);
        assert!(told(&[held, sent, held, held, sent, sent, held, sent]).iter().all(Option::is_none));
    }

    #[test]
    fn what_is_not_wanted_is_not_paused() {
        let held = [Some(true), None];
        let told = told(&[held, held, held, held, [None, Some(true)], [None, Some(true)], [None, Some(true)]]);
        let mut expected = vec![None; 7];
        expected[2] = Some(vec![1]);
        expected[4] = Some(vec![]);
        expected[6] = Some(vec![3]);
        assert_eq!(told, expected);
    }

    /// Another source in the slot is not paused for what was there before.
    #[test]
    fn a_new_picture_begins_anew() {
        let (mut pauses, start) = (Pauses::default(), Instant::now());
        let mut look = |track, tenths: u32| {
            let looks = [Look { slot: 1, wanted: Some(track), held: true }];
            pauses.look(looks.into_iter(), start + Duration::from_millis(100) * tenths).map(<[u32]>::to_vec)
        };
        assert_eq!(look(7, 0), None);
        assert_eq!(look(7, 10), Some(vec![1]));
        assert_eq!(look(8, 11), Some(vec![]));
        assert_eq!(look(8, 21), Some(vec![1]));
    }
}
