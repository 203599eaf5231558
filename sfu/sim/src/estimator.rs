//! A receiver's own estimate of its line (REMB), in the manner of a browser's: it falls when packets queue, and else grows, but
//! never far beyond what comes, so that it says nothing of a line that is not full.

use std::time::Duration;

/// Packets that come so much later than the fastest did are queueing.
const QUEUEING: Duration = Duration::from_millis(60);
/// What comes, times this, when they do. Source: draft-ietf-rmcat-gcc-02 §5.5.
const FALLS: f64 = 0.85;
/// A second's growth. Source: the same.
const GROWS: f64 = 1.08;
/// Growth ends here, and so many bit/s above. Source: libwebrtc's AimdRateControl.
const CEILING: f64 = 1.5;
const ABOVE_BPS: f64 = 10_000.0;
/// The send time's 24 bits go round in 64 s.
const ROUND_US: i64 = 64_000_000;

/// The state of an estimate.
#[derive(Debug, Default)]
pub struct Estimator {
    bytes: usize,
    fastest_us: Option<i64>,
    queued: bool,
    estimate_bps: f64,
}

impl Estimator {
    /// A packet came at `run` since the run began; `sent` is its abs-send-time.
    ///
    /// # Panics
    /// Where the engine did not write when it sent.
    pub fn on_packet(&mut self, bytes: usize, sent: Option<&[u8]>, run: Duration) {
        let [a, b, c] = *sent.expect("a send time in each packet") else { panic!("a send time has three bytes") };
        let sent_us = (i64::from(u32::from_be_bytes([0, a, b, c])) * 1_000_000) >> 18;
        let way_us = (run.as_micros() as i64 - sent_us).rem_euclid(ROUND_US);
        let fastest = *self.fastest_us.get_or_insert(way_us);
        // The way's true length is unknown: only differences count, and they go round as well.
        let beyond = (way_us - fastest + ROUND_US / 2).rem_euclid(ROUND_US) - ROUND_US / 2;
        if beyond < 0 {
            self.fastest_us = Some(way_us);
        }
        self.queued |= beyond > QUEUEING.as_micros() as i64;
        self.bytes += bytes;
    }

    /// The estimate after another second.
    pub fn look(&mut self) -> u64 {
        let comes = self.bytes as f64 * 8.0;
        self.estimate_bps = if std::mem::take(&mut self.queued) {
            FALLS * comes
        } else {
            (self.estimate_bps.max(comes) * GROWS).min(CEILING * comes + ABOVE_BPS)
        };
        self.bytes = 0;
        self.estimate_bps as u64
    }
}
