//! What a viewer's link carries, by the two plain signs there are: loss in its reports, and its own estimate (REMB).
//!
//! `node/ingress.rs` brings the signs, `node/egress.rs` what was sent; `node/upkeep.rs` takes the budget for `choice.rs`.
//! An estimate of a link that is not full says nothing of what more it would carry: such a one is no limit, and a rise tries it.

use std::time::{Duration, Instant};

use super::choice::{Budget, Rise};
use crate::command::Kind;

/// How often it is looked at: reports come once a second.
const PERIOD: Duration = Duration::from_secs(1);
/// Fewer packets a second tell no loss.
const PACKETS_LEAST: u64 = 20;
/// Above this loss the link is too full, below the other it opens again. Source: draft-ietf-rmcat-gcc-02 §6.
const LOSS_HIGH: f64 = 0.10;
const LOSS_LOW: f64 = 0.02;
/// A cut leaves this share of what arrived, so that the queue empties. Source: the same, §5.5.
const DRAINS: f64 = 0.85;
/// By so much it opens in a second. Source: the same; 5 % each second there, 8 % in libwebrtc.
const OPENS: f64 = 1.08;
/// So far above what is sent it is no limit any more.
const FREE: f64 = 3.0;
/// Below this share of the pictures sent, an estimate that does not grow says that the link is full: libwebrtc's falls to 0.85 of
/// what comes then, and ends at 1.5 of it else. One that grows is still on its way up to what comes.
const REMB_FULL: f64 = 0.9;
/// … for so many seconds on end: a receiver whose processor was busy for a moment says it once.
const REMB_SECONDS: u32 = 2;
/// A cap is never below one voice and the smallest picture.
const LEAST_BPS: f64 = 150_000.0;
/// After a fall nothing rises for so long; twice as long each time that a rise did not last.
const DWELL: Duration = Duration::from_secs(5);
const DWELL_MAX: Duration = Duration::from_secs(60);
/// A step up is tried for so long before the next one: two reports come.
const TRIED: Duration = Duration::from_secs(2);
/// A rise that fell within this time did not last.
const LASTED: Duration = Duration::from_secs(10);

/// One viewer's cap.
#[derive(Debug)]
pub struct Cap {
    /// The receiver's own estimate, in bit/s, of what has a send time: of pictures.
    pub remb_bps: Option<u64>,
    remb_before: Option<u64>,
    remb_full: u32,
    remb_limit: Option<u64>,
    loss_bps: Option<f64>,
    /// A cut was made, and no report came since.
    cutting: bool,
    sound_bytes: u64,
    picture_bytes: u64,
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
            remb_before: None,
            remb_full: 0,
            remb_limit: None,
            loss_bps: None,
            cutting: false,
            sound_bytes: 0,
            picture_bytes: 0,
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
    pub fn on_sent(&mut self, kind: Kind, bytes: usize) {
        match kind {
            Kind::Audio => self.sound_bytes += bytes as u64,
            Kind::Video => self.picture_bytes += bytes as u64,
        }
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
        let rate = |bytes: u64| bytes as f64 * 8.0 / passed.as_secs_f64();
        self.sent_bps = rate(self.sound_bytes + self.picture_bytes);
        let picture_bps = rate(self.picture_bytes);
        (self.sound_bytes, self.picture_bytes) = (0, 0);
        // Where nearly nothing is sent nothing can be lost: so the link opens again when everything was paused.
        let loss = if self.expected < PACKETS_LEAST { 0.0 } else { self.lost / self.expected as f64 };
        (self.expected, self.lost) = (0, 0.0);
        self.take_estimate(picture_bps, loss);
        if loss > LOSS_HIGH {
            self.cut(loss);
        } else if loss < LOSS_LOW {
            self.cutting = false;
            self.loss_bps =
                self.loss_bps.map(|cap| cap * OPENS).filter(|cap| *cap < FREE * self.sent_bps.max(LEAST_BPS));
        }
    }

    /// What arrived is what the link carries; a little less lets the queue empty.
    fn cut(&mut self, loss: f64) {
        if std::mem::take(&mut self.cutting) {
            return; // the report is of the time before the cut
        }
        let arrived = self.sent_bps * (1.0 - loss) * DRAINS;
        self.loss_bps = Some(self.loss_bps.map_or(arrived, |cap| cap.min(arrived)).max(LEAST_BPS));
        self.cutting = true;
    }

    /// Where much is lost, an estimate below what is sent needs no second look.
    fn take_estimate(&mut self, picture_bps: f64, loss: f64) {
        let (grows, lossy) = (self.remb_bps > self.remb_before, loss > LOSS_HIGH);
        self.remb_before = self.remb_bps;
        let full = self.remb_bps.filter(|remb| (*remb as f64) < REMB_FULL * picture_bps && (lossy || !grows));
        self.remb_full = if full.is_some() { self.remb_full + 1 } else { 0 };
        self.remb_limit = full.filter(|_| lossy || self.remb_full >= REMB_SECONDS);
    }

    /// What there is for pictures beside `audio_bps` of sound, in bit/s; none where there is no limit.
    pub fn limit_bps(&self, audio_bps: u64) -> Option<u64> {
        let by_loss = self.loss_bps.map(|limit| (limit as u64).saturating_sub(audio_bps));
        [by_loss, self.remb_limit].into_iter().flatten().min()
    }

    /// The same, and whether anything may rise.
    pub fn budget(&self, audio_bps: u64, now: Instant) -> Budget {
        // Repairs come on top of what is chosen.
        let bps = self.limit_bps(audio_bps).map_or(u64::MAX, |limit| limit / 10 * 9);
        let Some(fell) = self.fell else {
            return Budget { bps, rise: if self.remb_limit.is_none() { Rise::Free } else { Rise::Not } };
        };
        let waited = now.duration_since(fell) >= self.dwell;
        let seen = self.rose.is_none_or(|rose| now.duration_since(rose) >= TRIED);
        Budget { bps, rise: if self.remb_limit.is_none() && waited && seen { Rise::Step } else { Rise::Not } }
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
        cap.on_sent(Kind::Video, (sent_bps / 8) as usize);
        cap.on_reception(200, (lost * 256.0) as u8);
        cap.look(*now);
    }

    #[test]
    fn loss_narrows_the_link_and_time_without_loss_opens_it() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        second(&mut cap, &mut now, 1_000_000, 0.05);
        assert_eq!(cap.limit_bps(0), None, "some loss is no sign");
        second(&mut cap, &mut now, 1_000_000, 0.4);
        let narrow = cap.limit_bps(0).unwrap();
        assert!((500_000..=520_000).contains(&narrow), "{narrow}");
        second(&mut cap, &mut now, 500_000, 0.05);
        assert_eq!(cap.limit_bps(0), Some(narrow));
        let mut seconds = 0;
        while cap.limit_bps(0).is_some() {
            second(&mut cap, &mut now, 500_000, 0.0);
            seconds += 1;
        }
        assert_eq!(seconds, 14);
    }

    #[test]
    fn a_link_with_everything_paused_opens_again() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        second(&mut cap, &mut now, 1_000_000, 0.5);
        assert!(cap.limit_bps(0).is_some());
        for _ in 0..20 {
            now += PERIOD;
            cap.look(now);
        }
        assert_eq!(cap.limit_bps(0), None);
    }

    #[test]
    fn an_estimate_limits_only_a_link_that_is_full() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        let mut told = |bps| {
            cap.remb_bps = Some(bps);
            second(&mut cap, &mut now, 1_000_000, 0.0);
            cap.budget(50_000, now)
        };
        let free = Budget { bps: u64::MAX, rise: Rise::Free };
        assert_eq!(told(1_500_000), free);
        assert_eq!(told(950_000), free, "what it has seen is what was sent");
        assert_eq!(told(850_000), free, "once may be chance");
        assert_eq!(told(850_000), Budget { bps: 765_000, rise: Rise::Not });
        assert_eq!(told(300_000), Budget { bps: 270_000, rise: Rise::Not });
        assert_eq!(told(400_000), free, "it grows: it has not yet seen what the link carries");
    }

    #[test]
    fn a_rise_that_did_not_last_is_tried_later_each_time() {
        let mut now = Instant::now();
        let mut cap = Cap::new(now);
        for wait in [5, 10, 20, 40, 60, 60] {
            cap.on_fall(now);
            assert_eq!(cap.budget(0, now + Duration::from_secs(wait) - Duration::from_millis(1)).rise, Rise::Not);
            now += Duration::from_secs(wait);
            assert_eq!(cap.budget(0, now).rise, Rise::Step);
            cap.on_rise(now);
            now += Duration::from_secs(3);
        }
        now += Duration::from_secs(20);
        cap.on_fall(now);
        assert_eq!(cap.budget(0, now + DWELL).rise, Rise::Step);
    }
}
