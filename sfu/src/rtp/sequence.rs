//! Sequence numbers without roll-over. Source: RFC 3550 A.1, RFC 1982.

/// Extends numbers of `BITS` bits to 64.
///
/// The first one is placed one cycle up, so that reordering around it does not go below zero.
#[derive(Debug, Clone, Default)]
pub struct Unwrapper<const BITS: u32 = 16> {
    newest: Option<u64>,
}

impl<const BITS: u32> Unwrapper<BITS> {
    /// The extended number nearest to the newest one seen.
    pub fn unwrap(&mut self, number: u16) -> u64 {
        let (cycle, number) = (1 << BITS, u64::from(number) & ((1 << BITS) - 1));
        let Some(newest) = self.newest else {
            let first = cycle + number;
            self.newest = Some(first);
            return first;
        };
        let ahead = number.wrapping_sub(newest) & (cycle - 1);
        let extended = if ahead < cycle / 2 { newest + ahead } else { (newest + ahead).saturating_sub(cycle) };
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
        let mut unwrapper = Unwrapper::<16>::default();
        let first = unwrapper.unwrap(65_534);
        assert_eq!(unwrapper.unwrap(1), first + 3);
        assert_eq!(unwrapper.unwrap(65_535), first + 1);
        assert_eq!(unwrapper.unwrap(2), first + 4);
    }

    #[test]
    fn picture_ids_have_fifteen_bits() {
        let mut unwrapper = Unwrapper::<15>::default();
        let first = unwrapper.unwrap(0x7FFF);
        assert_eq!((unwrapper.unwrap(0), unwrapper.unwrap(0x7FFE)), (first + 1, first - 1));
    }

    proptest! {
        #[test]
        fn follows_any_walk_of_small_steps(start in any::<u16>(), steps in proptest::collection::vec(-1000i64..3000, 1..200)) {
            let mut unwrapper = Unwrapper::<16>::default();
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
