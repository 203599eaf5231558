//! Which numbers of a source were skipped by us: what is behind them moves up, what the uplink lost stays a gap.
//!
//! `rewriter.rs` keeps one for sequence numbers and one for pictures.

/// Numbers a word of the window.
const WORD: u64 = 64;

/// A window over the newest `64 × WORDS` numbers of an endless sequence, a bit each.
#[derive(Debug, Clone, Copy)]
pub struct Window<const WORDS: usize> {
    newest: u64,
    bits: [u64; WORDS],
}

impl<const WORDS: usize> Default for Window<WORDS> {
    fn default() -> Self {
        Self { newest: 0, bits: [0; WORDS] }
    }
}

impl<const WORDS: usize> Window<WORDS> {
    /// How many numbers it remembers.
    pub const SIZE: u64 = WORD * WORDS as u64;

    /// Sets a number's bit; what falls out of the window is forgotten. False when it was set, or is older than the window.
    pub fn set(&mut self, number: u64) -> bool {
        if number > self.newest {
            let ahead = (number - self.newest).min(Self::SIZE);
            (number + 1 - ahead..=number).for_each(|fresh| self.write(fresh, false));
            self.newest = number;
        }
        let fresh = number + Self::SIZE > self.newest && !self.has(number);
        if fresh {
            self.write(number, true);
        }
        fresh
    }

    /// Whether a number's bit is set.
    pub fn has(&self, number: u64) -> bool {
        let word = self.bits.get(Self::word(number)).copied().unwrap_or(0);
        number <= self.newest && number + Self::SIZE > self.newest && word & (1 << (number % WORD)) != 0
    }

    /// The highest number that was set.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// How many bits are set above `number`; `None` when the window no longer reaches back to it.
    pub fn above(&self, number: u64) -> Option<u64> {
        if number >= self.newest {
            return Some(0);
        }
        if number + Self::SIZE < self.newest {
            return None;
        }
        // Word by word: of the first and the last one only the bits between the two numbers count.
        let (first, last) = ((number + 1) / WORD, self.newest / WORD);
        let mut count = 0;
        for index in first..=last {
            let mut word = self.bits.get((index % WORDS as u64) as usize).copied().unwrap_or(0);
            if index == first {
                word &= u64::MAX << ((number + 1) % WORD);
            }
            if index == last {
                word &= u64::MAX >> (WORD - 1 - self.newest % WORD);
            }
            count += u64::from(word.count_ones());
        }
        Some(count)
    }

    fn word(number: u64) -> usize {
        (number / WORD % WORDS as u64) as usize
    }

    fn write(&mut self, number: u64, set: bool) {
        if let Some(word) = self.bits.get_mut(Self::word(number)) {
            let bit = 1 << (number % WORD);
            *word = if set { *word | bit } else { *word & !bit };
        }
    }
}

/// Numbers that were skipped.
#[derive(Debug, Clone, Copy, Default)]
pub struct Skips<const WORDS: usize> {
    total: u64,
    window: Window<WORDS>,
}

impl<const WORDS: usize> Skips<WORDS> {
    /// Skips a number, once.
    pub fn skip(&mut self, number: u64) {
        self.total += u64::from(self.window.set(number));
    }

    /// Whether a number was skipped.
    pub fn has(&self, number: u64) -> bool {
        self.window.has(number)
    }

    /// How many numbers below `number` were skipped; `None` when that is no longer known.
    pub fn before(&self, number: u64) -> Option<u64> {
        if number + Window::<WORDS>::SIZE <= self.window.newest() {
            return None;
        }
        let above = self.window.above(number)? + u64::from(self.has(number));
        self.total.checked_sub(above)
    }

    /// The number that is the `index`-th of those not skipped, counted from `first` as 0; `None` when it is no longer known.
    pub fn nth(&self, first: u64, index: u64) -> Option<u64> {
        // A number's index never falls, so that it is found by halving; what the window no longer tells is too low.
        let (mut low, mut high) = (first + index, first + index + self.total);
        while low < high {
            let middle = low + (high - low) / 2;
            let at = self.before(middle).map(|before| (middle - first).saturating_sub(before));
            if at.is_none_or(|at| at < index || self.has(middle) && at == index) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        (!self.has(low) && low - first - self.before(low)? == index).then_some(low)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_set(first in 1u64..1 << 40, steps in proptest::collection::vec((0u64..90, any::<bool>()), 1..120)) {
            let (mut skips, mut truth, mut at) = (Skips::<4>::default(), BTreeSet::new(), first);
            for (step, back) in steps {
                at = if back { at.saturating_sub(step).max(first) } else { at + step };
                let newest = truth.last().copied().unwrap_or(0);
                if at + Window::<4>::SIZE > newest {
                    skips.skip(at);
                    truth.insert(at);
                }
                let newest = truth.last().copied().unwrap_or(0);
                for number in (newest + 1).saturating_sub(Window::<4>::SIZE).max(first)..newest + 3 {
                    let before = truth.range(..number).count() as u64;
                    prop_assert_eq!(skips.before(number), Some(before), "{}", number);
                    let index = number - first - before;
                    if !truth.contains(&number) {
                        prop_assert_eq!(skips.nth(first, index), Some(number));
                    }
                }
            }
        }
    }
}
