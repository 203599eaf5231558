//! What a viewer's link carries, by the two plain signs there are: loss in its reports, and its own estimate (REMB).
//!
//! `node/ingress.rs` brings the signs, `node/egress.rs` what was sent; `node/upkeep.rs` takes the budget for `choice.rs`.
//! An estimate of a link that is not full says nothing of what more it would carry: such a one is no limit, and a rise tries it.

use std::time::{Duration, Instant};

use super::choice::Budget;

/// How often it is looked at: reports come once a second.
const PERIOD: Duration = Duration::from_secs(1);
/// Fewer packets a second tell no loss.
const PACKETS_LEAST: u64 = 20;
/// Above this loss the link gives way, below the other it opens again. Source: draft-ietf-rmcat-gcc-02 §6.
const LOSS_HIGH: f64 = 0.10;
const LOSS_LOW: f64 = 0.02;
/// A cut has helped where the loss falls below this share of what it was.
const HELPED: f64 = 0.7;
/// By so much it opens in a second. Source: the same; 5 % each second there, 8 % in libwebrtc.
const OPENS: f64 = 1.08;
/// So far above what is sent it is no limit any more.
const FREE: f64 = 3.0;
/// Below this share of what is sent, the receiver's estimate says that the link is full.
const REMB_FULL: f64 = 0.9;
/// At this share or more it says that there is room. Source: libwebrtc's estimate ends at 1.5 × what comes.
const REMB_ROOM: f64 = 1.25;
/// A cap is never below one voice and the smallest picture.
const LEAST_BPS: f64 = 150_000.0;
/// After a fall nothing rises for so long; twice as long each time that a rise did not last.
const DWELL: Duration = Duration::from_secs(5);
const DWELL_MAX: Duration = Duration::from_secs(60);
/// A rise that fell within this time did not last.
const LASTED: Duration = Duration::from_secs(10);

/// One viewer's cap.
#[derive(Debug)]
pub struct Cap {
    /// The receiver's own estimate, in bit/s.
    pub remb_bps: Option<u64>,
    loss_bps: Option<f64>,
    /// The loss at the last cut: where it stays as high, it is the line's own and no sign of too much.
    cut_at: Option<f64>,
    own_loss: f64,
    sent_bytes: u64,
    sent_bps: f64,
    expected: u64,
    lost: f64,
    looked: Instant,
    fell: Option<Instant>,
    rose: Option<Instant>,
    dwell: Duration,
}

impl Cap {
    /// No limit yet.
    pub fn new(now: Instant) -> Self {
        Self {
            remb_bps: None,
            loss_bps: None,
            cut_at: None,
            own_loss: 0.0,
            sent_bytes: 0,
            sent_bps: 0.0,
            expected: 0,
            lost: 0.0,
            looked: now,
            fell: None,
            rose: None,
            dwell: DWELL,
        }
    }

    /// Bytes left for the viewer.
    pub fn on_sent(&mut self, bytes: usize) {
        self.sent_bytes += bytes as u64;
    }

    /// The viewer reports this share lost of as many packets.
    pub fn on_reception(&mut self, packets: u64, fraction_lost: u8) {
        self.expected += packets;
        self.lost += packets as f64 * f64::from(fraction_lost) / 256.0;
    }

    /// Once a second takes in what was reported.
    pub fn look(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.looked);
        if passed < PERIOD {
            return;
        }
        self.looked = now;
        self.sent_bps = self.sent_bytes as f64 * 8.0 / passed.as_secs_f64();
        self.sent_bytes = 0;
        // Where nearly nothing is sent nothing can be lost: so the link opens again when everything was paused.
        let loss = if self.expected < PACKETS_LEAST { 0.0 } else { self.lost / self.expected as f64 };
        (self.expected, self.lost) = (0, 0.0);
        self.own_loss = self.own_loss.min(loss);
        let too_much = loss - self.own_loss;
        if too_much > LOSS_HIGH && self.cut_at.take().is_some_and(|before| loss > HELPED * before) {
            (self.own_loss, self.loss_bps) = (loss, None);
        } else if too_much > LOSS_HIGH {
            let from = self.loss_bps.map_or(self.sent_bps, |cap| cap.min(self.sent_bps));
            self.loss_bps = Some((from * (1.0 - 0.5 * loss)).max(LEAST_BPS));
            self.cut_at = Some(loss);
        } else if too_much < LOSS_LOW {
            self.cut_at = None;
            self.loss_bps = self.loss_bps.map(|cap| cap * OPENS).filter(|cap| *cap < FREE * self.sent_bps.max(LEAST_BPS));
        }
    }

    /// What there is to send with, in bit/s; none where there is no limit.
    pub fn limit_bps(&self) -> Option<u64> {
        let remb = self.remb_bps.map(|remb| remb as f64).filter(|remb| *remb < REMB_FULL * self.sent_bps);
        let limits = [self.loss_bps, remb.map(|remb| remb.max(LEAST_BPS))];
        limits.into_iter().flatten().map(|limit| limit as u64).min()
    }

    /// What there is for pictures beside `audio_bps` of sound.
    pub fn budget(&self, audio_bps: u64, now: Instant) -> Budget {
        let room = self.remb_bps.is_none_or(|remb| remb as f64 >= REMB_ROOM * self.sent_bps);
        let waited = self.fell.is_none_or(|fell| now.duration_since(fell) >= self.dwell);
        let bps = self.limit_bps().map_or(u64::MAX, |limit| limit.saturating_sub(audio_bps));
        Budget { bps, may_rise: room && waited }
    }

    /// Pictures got more than before.
    pub fn on_rise(&mut self, now: Instant) {
        self.rose = Some(now);
    }

    /// Pictures got less, because the link has less.
    pub fn on_fall(&mut self, now: Instant) {
        let lasted = self.rose.take().is_none_or(|rose| now.duration_since(rose) > LASTED);
        let again = self.fell.is_some_and(|fell| now.duration_since(fell) < PERIOD * 2);
        if !again {
            self.dwell = if lasted { DWELL } else { (self.dwell * 2).min(DWELL_MAX) };
        }
        self.fell = Some(now);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;

    /// A second in which as much was sent, and so much of it lost.
    fn second(cap: &mut Cap, now: &mut Instant, sent_bps: u64, lost: f64) {
        *now += PERIOD;
        cap.on_sent((sent_bps / 8) as usize);
        cap.on_reception(200, (lost * 256.0) as u8);
        cap.look(*now);
    }

    #[test]
    fn loss_narrows_the_link_and_time_without_loss_opens_it() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        second(&mut cap, &mut now, 1_000_000, 0.05);
        assert_eq!(cap.limit_bps(), None, "some loss is no sign");
        second(&mut cap, &mut now, 1_000_000, 0.4);
        let narrow = cap.limit_bps().unwrap();
        assert!((790_000..=810_000).contains(&narrow), "{narrow}");
        second(&mut cap, &mut now, 700_000, 0.05);
        assert_eq!(cap.limit_bps(), Some(narrow));
        let mut seconds = 0;
        while cap.limit_bps().is_some() {
            second(&mut cap, &mut now, 700_000, 0.0);
            seconds += 1;
        }
        assert_eq!(seconds, 13);
    }

    #[test]
    fn a_link_with_everything_paused_opens_again() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        second(&mut cap, &mut now, 1_000_000, 0.5);
        assert!(cap.limit_bps().is_some());
        for _ in 0..20 {
            now += PERIOD;
            cap.look(now);
        }
        assert_eq!(cap.limit_bps(), None);
    }

    /// Loss that a cut does not change is the line's own: radio, not a queue that is full.
    #[test]
    fn loss_that_stays_is_no_limit() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        second(&mut cap, &mut now, 1_000_000, 0.15);
        assert!(cap.limit_bps().is_some());
        for _ in 0..30 {
            second(&mut cap, &mut now, 900_000, 0.15);
            assert_eq!(cap.limit_bps(), None);
        }
        second(&mut cap, &mut now, 1_000_000, 0.5);
        assert!(cap.limit_bps().is_some(), "more than its own is one");
    }

    #[test]
    fn an_estimate_limits_only_a_link_that_is_full() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        second(&mut cap, &mut now, 1_000_000, 0.0);
        cap.remb_bps = Some(1_500_000);
        assert_eq!(cap.budget(50_000, now), Budget { bps: u64::MAX, may_rise: true });
        cap.remb_bps = Some(1_000_000);
        assert_eq!(cap.budget(50_000, now), Budget { bps: u64::MAX, may_rise: false });
        cap.remb_bps = Some(850_000);
        assert_eq!(cap.budget(50_000, now), Budget { bps: 800_000, may_rise: false });
    }

    #[test]
    fn a_rise_that_did_not_last_is_tried_later_each_time() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        for wait in [5, 10, 20, 40, 60, 60] {
            cap.on_fall(now);
            assert!(!cap.budget(0, now + Duration::from_secs(wait) - Duration::from_millis(1)).may_rise);
            now += Duration::from_secs(wait);
            assert!(cap.budget(0, now).may_rise);
            cap.on_rise(now);
            now += Duration::from_secs(3);
        }
        now += Duration::from_secs(20);
        cap.on_fall(now);
        assert!(cap.budget(0, now + DWELL).may_rise);
    }
}
