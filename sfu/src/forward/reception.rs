//! What arrived of one SSRC, and the report block that says so. Source: RFC 3550 §6.4, A.1, A.3, A.8.

use std::time::Instant;

use crate::rtp::ntp::Ntp;
use crate::rtp::rtcp::ReportBlock;

/// Reception statistics of one SSRC. Source: RFC 3550 A.1, A.3, A.8.
#[derive(Debug, Default)]
pub struct Reception {
    /// Media packets received.
    pub packets: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Retransmissions received.
    pub repaired: u64,
    first: Option<u64>,
    newest: u64,
    jitter: f64,
    transit: Option<(Instant, u32)>,
    prior: (u64, u64),
    sender_report: Option<(u32, Instant)>,
}

impl Reception {
    /// Counts a media packet.
    pub fn on_packet(&mut self, sequence: u64, timestamp: u32, bytes: usize, clock_rate: u32, now: Instant) {
        self.packets += 1;
        self.bytes += bytes as u64;
        self.first.get_or_insert(sequence);
        if sequence < self.newest {
            return;
        }
        self.newest = sequence;
        if let Some((then, before)) = self.transit.replace((now, timestamp)) {
            let arrived = now.duration_since(then).as_secs_f64() * f64::from(clock_rate);
            let sent = f64::from(timestamp.wrapping_sub(before) as i32);
            self.jitter += ((arrived - sent).abs() - self.jitter) / 16.0;
        }
    }

    /// Notes the publisher's sender report.
    pub fn on_sender_report(&mut self, ntp: Ntp, now: Instant) {
        self.sender_report = Some((ntp.middle(), now));
    }

    /// Interarrival jitter, in timestamp units.
    pub fn jitter(&self) -> u32 {
        self.jitter as u32
    }

    /// Packets lost so far; duplicates count against it, as RFC 3550 §6.4.1 has it.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.packets)
    }

    fn expected(&self) -> u64 {
        self.first.map_or(0, |first| self.newest - first + 1)
    }

    /// The report block for `ssrc`; the fraction lost is since the last call.
    pub fn block(&mut self, ssrc: u32, now: Instant) -> ReportBlock {
        let (expected, received) = (self.expected(), self.packets);
        let (prior_expected, prior_received) = std::mem::replace(&mut self.prior, (expected, received));
        let interval = expected - prior_expected;
        let lost = interval.saturating_sub(received - prior_received);
        let delay = self.sender_report.map_or(0, |(_, at)| (now.duration_since(at).as_secs_f64() * 65_536.0) as u32);
        ReportBlock {
            ssrc,
            fraction_lost: (lost * 256).checked_div(interval).unwrap_or(0).min(255) as u8,
            lost: self.lost().min(0x7F_FFFF) as u32,
            highest: self.newest as u32,
            jitter: self.jitter(),
            last_sender_report: self.sender_report.map_or(0, |(middle, _)| middle),
            delay,
        }
    }
}
