//! The 64-bit NTP format of sender reports. Source: RFC 3550 §4.

use std::time::{Duration, Instant};

/// Seconds from the NTP epoch (1900) to the Unix epoch (1970).
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// A wall-clock time: seconds since 1900 in the upper, fractions in the lower 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ntp(pub u64);

impl Ntp {
    /// From the time since the Unix epoch.
    pub fn from_unix(since_epoch: Duration) -> Self {
        let seconds = since_epoch.as_secs().wrapping_add(NTP_TO_UNIX);
        let fraction = (u64::from(since_epoch.subsec_nanos()) << 32) / 1_000_000_000;
        Self((seconds << 32) | fraction)
    }

    /// The middle 32 bits, as reception reports carry them. Source: RFC 3550 §6.4.1.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// This time moved by `nanos`.
    pub fn offset(self, nanos: i64) -> Self {
        let units = (i128::from(nanos) << 32) / 1_000_000_000;
        Self(self.0.wrapping_add(units as i64 as u64))
    }

    /// `self − earlier` in nanoseconds.
    pub fn nanos_since(self, earlier: Self) -> i64 {
        let units = i128::from(self.0.wrapping_sub(earlier.0) as i64);
        ((units * 1_000_000_000) >> 32) as i64
    }
}

/// Ties the monotonic clock to the wall clock, once a run.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    /// A moment on the monotonic clock …
    pub instant: Instant,
    /// … and the same on the wall clock.
    pub ntp: Ntp,
}

impl WallClock {
    /// The wall-clock time at `now`.
    pub fn at(&self, now: Instant) -> Ntp {
        self.ntp.offset(now.saturating_duration_since(self.instant).as_nanos() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_there_and_back() {
        let time = Ntp::from_unix(Duration::from_millis(1_700_000_000_250));
        assert_eq!(time.0 >> 32, 1_700_000_000 + NTP_TO_UNIX);
        let later = time.offset(1_500_000_000);
        assert!((later.nanos_since(time) - 1_500_000_000).abs() < 2);
        assert!((time.nanos_since(later) + 1_500_000_000).abs() < 2);
    }
}
