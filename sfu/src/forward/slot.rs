//! One m-line of a subscriber: which source and which of its layers is forwarded in it, and from which packet on.
//!
//! `subscriber.rs` brings what was stored and asks here whether it is queued; `choice.rs` says which layer is wanted; the
//! numbers of what leaves are `rewriter.rs`'s.

use std::time::{Duration, Instant};

use super::choice::{Choice, Standing, View};
use super::rewriter::{Rewriter, Source};
use super::store::Meta;
use crate::command::{Kind, SendSlot};
use crate::rtp::ntp::Ntp;
use crate::rtp::rtcp::ReportBlock;
use crate::rtp::vp8;

/// Whether a slot forwards what its track brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Nothing is forwarded before a key frame (video) or the next packet (audio).
    Waiting,
    /// A layer is forwarded from this packet of it on.
    Open { source: Source, first: u64, stretch: u32 },
}

/// What becomes of a stored packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is not for this slot.
    Ignored,
    /// It is left out, and what follows moves up.
    Thinned,
    /// It is left out, but its number was kept free and is filled.
    Blank(u32),
    /// It leaves in this stretch.
    Queued(u32),
    /// The same, and it is the first of the stretch.
    Opens(u32),
}

/// A picture that is to go stays until the next one's key frame is there, so that nothing freezes; but no longer than this: it
/// stands under another name.
const HANDOVER: Duration = Duration::from_secs(1);

/// Temporal layers were added with a packet: what is older keeps to the fewer ones.
#[derive(Debug, Clone, Copy, Default)]
struct Raise {
    at: u64,
    before: u8,
}

/// A slot of a subscriber.
#[derive(Debug)]
pub struct Slot {
    /// What was negotiated.
    pub config: SendSlot,
    /// The key of the track that is in it.
    pub track: Option<usize>,
    /// How it is shown.
    pub view: View,
    resized: bool,
    /// Its numbers.
    pub rewriter: Rewriter,
    /// The next sequence number of its retransmissions.
    pub repair_sequence: u16,
    /// When the next sender report is due.
    pub report_due: Option<Instant>,
    /// What was sent, and what the receiver said of it.
    pub sent: Sent,
    choice: Option<Choice>,
    /// Nothing was chosen yet of the source that is in it.
    fresh: bool,
    /// The track that was in it and is still forwarded, and until when.
    leaving: Option<(usize, Instant)>,
    /// A track whose packets are no longer wanted.
    released: Option<usize>,
    gate: Gate,
    temporal: u8,
    raise: Raise,
    newest: u64,
}

/// A slot's statistics.
#[derive(Debug, Default)]
pub struct Sent {
    /// Media packets.
    pub packets: u64,
    /// Their payload bytes.
    pub bytes: u64,
    /// Retransmissions.
    pub repairs: u64,
    /// Packets left out because of their temporal layer.
    pub thinned: u64,
    /// Times that another layer came.
    pub switches: u64,
    /// The last reception report.
    pub report: Option<ReportBlock>,
    /// Round trip by that report.
    pub round_trip: Option<Duration>,
    last_report: Option<(u32, Instant)>,
}

impl Sent {
    /// A sender report left.
    pub fn on_sender_report(&mut self, ntp: Ntp, now: Instant) {
        self.last_report = Some((ntp.middle(), now));
    }

    /// The receiver's report came. Returns how many packets it is about. Source: RFC 3550 §6.4.1.
    pub fn on_reception(&mut self, block: ReportBlock, now: Instant) -> u64 {
        let before = self.report.replace(block);
        if let Some((middle, at)) = self.last_report
            && middle == block.last_sender_report
        {
            let held = Duration::from_secs_f64(f64::from(block.delay) / 65_536.0);
            self.round_trip = Some(now.duration_since(at).saturating_sub(held));
        }
        before.map_or(0, |before| u64::from(block.highest.wrapping_sub(before.highest)).min(self.packets))
    }
}

impl Slot {
    /// An empty slot; its first sequence number comes from its SSRC, so that a run is reproducible.
    pub fn new(config: SendSlot) -> Self {
        let first = (config.ssrc as u16) & 0x3FFF;
        Self {
            rewriter: Rewriter::new(first),
            repair_sequence: first,
            config,
            track: None,
            view: View::default(),
            resized: false,
            report_due: None,
            sent: Sent::default(),
            choice: None,
            fresh: true,
            leaving: None,
            released: None,
            gate: Gate::Waiting,
            temporal: 0,
            raise: Raise::default(),
            newest: 0,
        }
    }

    /// Puts another track into the slot, or none. A picture that is forwarded goes on until the new one opens.
    pub fn assign(&mut self, track: Option<usize>, now: Instant) {
        let before = self.forwarded();
        let leaves =
            before.filter(|before| self.config.kind == Kind::Video && track.is_some() && track != Some(*before));
        self.track = track;
        (self.choice, self.fresh) = (None, true);
        self.leaving = leaves.map(|before| (before, now + HANDOVER));
        // A paused or emptied slot lets go of what was in it as well: nothing may point to a track that is no longer subscribed.
        if self.leaving.is_none() && (before.is_none() || before != track) {
            self.restart();
        }
    }

    /// A track is no more, whether it is in the slot or was.
    pub fn forget(&mut self, track: usize) {
        if self.track == Some(track) {
            (self.track, self.choice, self.fresh) = (None, None, true);
        }
        if self.forwarded() == Some(track) || self.rewriter.mentions(track) {
            self.restart();
        }
        self.released = self.released.filter(|released| *released != track);
    }

    /// The viewer says how it is shown. What is shown again begins anew: it was not the link that paused it.
    pub fn set_view(&mut self, view: View) {
        self.fresh |= view.is_shown() && !self.view.is_shown();
        (self.view, self.resized) = (view, true);
    }

    /// Whether the viewer changed its size since it was asked last.
    pub fn take_resized(&mut self) -> bool {
        std::mem::take(&mut self.resized)
    }

    /// The track that is forwarded, be it the one that is in the slot or the one that was.
    pub fn forwarded(&self) -> Option<usize> {
        match self.gate {
            Gate::Open { source, .. } => Some(source.track),
            Gate::Waiting => None,
        }
    }

    /// Whether it is this layer that is forwarded.
    pub fn forwards(&self, track: usize, layer: usize) -> bool {
        matches!(self.gate, Gate::Open { source, .. } if source == Source { track, layer })
    }

    /// Forgets what was queued, and waits for a key frame where there are key frames.
    pub fn restart(&mut self) {
        self.gate = Gate::Waiting;
        self.rewriter.end();
        self.release();
    }

    /// The track of which nothing more is wanted, once; the one that was in the slot goes when its time is over.
    pub fn take_released(&mut self, now: Instant) -> Option<usize> {
        if self.leaving.is_some_and(|(_, until)| until <= now) {
            self.restart();
        }
        self.released.take()
    }

    fn release(&mut self) {
        if let Some((track, _)) = self.leaving.take() {
            self.released = Some(track);
        }
    }

    /// Sets which layer shall be forwarded; none pauses the slot: what is queued still leaves, and reports go on.
    pub fn choose(&mut self, choice: Option<Choice>) {
        (self.choice, self.fresh) = (choice, false);
        if choice.is_none() && self.leaving.is_some() {
            self.restart();
        } else if choice.is_none() {
            self.gate = Gate::Waiting;
        }
    }

    /// What was chosen for it until now.
    pub fn standing(&self) -> Standing {
        match self.choice {
            Some(choice) => Standing::At(choice),
            None if self.fresh => Standing::Fresh,
            None => Standing::Paused,
        }
    }

    /// The layer that is forwarded of the track in it.
    pub fn layer(&self) -> Option<usize> {
        match self.gate {
            Gate::Open { source, .. } if Some(source.track) == self.track => Some(source.layer),
            _ => None,
        }
    }

    /// The highest temporal layer that is forwarded.
    pub fn temporal(&self) -> u8 {
        self.temporal
    }

    /// The layer that a receiver's key frame request is about; none while nothing is to be forwarded.
    pub fn wanted(&self) -> Option<usize> {
        let choice = self.choice?;
        (self.config.kind == Kind::Video).then(|| self.layer().unwrap_or(choice.layer))
    }

    /// The layer whose key frame it waits for.
    pub fn awaits(&self) -> Option<usize> {
        let wanted = self.choice?.layer;
        (self.track.is_some() && self.config.kind == Kind::Video && self.layer() != Some(wanted)).then_some(wanted)
    }

    /// What becomes of a packet of `source`.
    pub fn admit(&mut self, source: Source, meta: &Meta) -> Admission {
        if let Gate::Open { source: here, first, stretch } = self.gate
            && here == source
        {
            return if meta.sequence < first { Admission::Ignored } else { self.thin(stretch, meta) };
        }
        let wanted = self.choice.filter(|choice| Some(source.track) == self.track && source.layer == choice.layer);
        let Some(choice) = wanted.filter(|_| meta.opens || self.config.kind == Kind::Audio) else {
            return Admission::Ignored;
        };
        if self.leaving.is_some() {
            self.restart(); // what still waits of the other track is not sent behind the new one's back
        }
        self.sent.switches += u64::from(self.layer().is_some());
        let stretch = self.rewriter.open(source, meta.sequence);
        self.gate = Gate::Open { source, first: meta.sequence, stretch };
        (self.temporal, self.raise, self.newest) = (choice.temporal, Raise::default(), meta.sequence);
        Admission::Opens(stretch)
    }

    fn thin(&mut self, stretch: u32, meta: &Meta) -> Admission {
        let Some(vp8) = meta.vp8 else { return Admission::Queued(stretch) };
        if vp8.frame_start && meta.sequence > self.newest {
            self.step(meta.sequence, &vp8);
        }
        self.newest = self.newest.max(meta.sequence);
        let kept = if meta.sequence < self.raise.at { self.temporal.min(self.raise.before) } else { self.temporal };
        if vp8.temporal <= kept {
            return Admission::Queued(stretch);
        }
        self.sent.thinned += 1;
        if self.rewriter.skip(meta) { Admission::Thinned } else { Admission::Blank(stretch) }
    }

    /// Temporal layers change where a frame begins: fewer at once, more with a frame that needs the base layer alone.
    fn step(&mut self, sequence: u64, frame: &vp8::Descriptor) {
        let Some(choice) = self.choice.filter(|_| self.leaving.is_none()) else { return };
        let wanted = if self.layer() == Some(choice.layer) { choice.temporal } else { choice.meanwhile };
        if wanted <= self.temporal {
            self.temporal = wanted;
            return;
        }
        let next = match frame {
            _ if frame.keyframe_start => wanted,
            _ if frame.sync && (self.temporal + 1..=wanted).contains(&frame.temporal) => frame.temporal,
            _ => return,
        };
        self.raise = Raise { at: sequence, before: self.temporal };
        self.temporal = next;
    }
}
