//! Sequence numbers without roll-over. Source: RFC 3550 A.1, RFC 1982.

/// Extends 16-bit sequence numbers to 64 bits.
///
/// The first one is placed one cycle up, so that reordering around it does not go below zero.
#[derive(Debug, Clone, Default)]
pub struct Unwrapper {
    newest: Option<u64>,
}

impl Unwrapper {
    /// The extended number nearest to the newest one seen.
    pub fn unwrap(&mut self, sequence: u16) -> u64 {
        let Some(newest) = self.newest else {
            let first = (1 << 16) + u64::from(sequence);
            self.newest = Some(first);
            return first;
        };
        let delta = i64::from(sequence.wrapping_sub(newest as u16) as i16);
        let extended = newest.saturating_add_signed(delta);
        self.newest = Some(newest.max(extended));
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rolls_over_and_takes_late_ones() {
        let mut unwrapper = Unwrapper::default();
        let first = unwrapper.unwrap(65_534);
        assert_eq!(unwrapper.unwrap(1), first + 3);
        assert_eq!(unwrapper.unwrap(65_535), first + 1);
        assert_eq!(unwrapper.unwrap(2), first + 4);
    }

    proptest! {
        #[test]
        fn follows_any_walk_of_small_steps(start in any::<u16>(), steps in proptest::collection::vec(-1000i64..3000, 1..200)) {
            let mut unwrapper = Unwrapper::default();
            let mut truth = (1 << 16) + i64::from(start);
            let mut newest = truth;
            prop_assert_eq!(unwrapper.unwrap(start), truth as u64);
            for step in steps {
                truth = (newest + step).max(0);
                newest = newest.max(truth);
                prop_assert_eq!(unwrapper.unwrap(truth as u16), truth as u64);
            }
        }
    }
}
