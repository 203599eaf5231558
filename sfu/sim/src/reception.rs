//! What a viewer reports on a stream, by RFC 3550 A.3 and A.8.

use std::time::{Duration, Instant};

use sfu::rtp::ntp::Ntp;
use sfu::rtp::rtcp::ReportBlock;

/// Reception of one SSRC.
#[derive(Debug, Default)]
pub struct Reception {
    first: Option<u64>,
    newest: u64,
    packets: u64,
    prior: (u64, u64),
    jitter: f64,
    transit: Option<(Instant, u32)>,
    sender_report: Option<(u32, Instant)>,
    /// Sender reports received.
    pub sender_reports: u64,
}

impl Reception {
    /// A media packet arrived; retransmissions are not media.
    pub fn on_packet(&mut self, sequence: u64, timestamp: u32, clock_rate: u32, now: Instant) {
        self.packets += 1;
        self.first.get_or_insert(sequence);
        self.newest = self.newest.max(sequence);
        if let Some((then, before)) = self.transit.replace((now, timestamp)) {
            let arrived = now.duration_since(then).as_secs_f64() * f64::from(clock_rate);
            let sent = f64::from(timestamp.wrapping_sub(before) as i32);
            self.jitter += ((arrived - sent).abs() - self.jitter) / 16.0;
        }
    }

    /// The node's sender report arrived.
    pub fn on_sender_report(&mut self, ntp: Ntp, now: Instant) {
        self.sender_reports += 1;
        self.sender_report = Some((ntp.middle(), now));
    }

    /// The block for the next report; none before the first packet.
    pub fn block(&mut self, ssrc: u32, now: Instant) -> Option<ReportBlock> {
        let expected = self.newest - self.first? + 1;
        let (prior_expected, prior_packets) = std::mem::replace(&mut self.prior, (expected, self.packets));
        let interval = expected - prior_expected;
        let lost = interval.saturating_sub(self.packets - prior_packets);
        let (middle, delay) =
            self.sender_report.map_or((0, Duration::ZERO), |(middle, at)| (middle, now.duration_since(at)));
        Some(ReportBlock {
            ssrc,
            fraction_lost: (lost * 256).checked_div(interval).unwrap_or(0).min(255) as u8,
            lost: expected.saturating_sub(self.packets).min(0x7F_FFFF) as u32,
            highest: self.newest as u32,
            jitter: self.jitter as u32,
            last_sender_report: middle,
            delay: (delay.as_secs_f64() * 65_536.0) as u32,
        })
    }
}
