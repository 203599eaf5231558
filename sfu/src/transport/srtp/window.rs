//! Packet indices: roll-over counter estimation and the replay windows, one an SSRC (RFC 3711 §3.3).
//!
//! The same bookkeeping serves both ends: what is opened must be new, and what is sealed is sealed once.

use rustc_hash::FxHashMap;

use crate::drops::DropReason;

/// Packets that the window remembers; RFC 3711 §3.3.2 asks for 64 at least. At 400 packets/s it is 320 ms.
const WINDOW: u64 = 128;
/// An index is a 32-bit roll-over counter and a 16-bit sequence number.
const INDEX_MAX: u64 = (1 << 48) - 1;

/// How a packet tells its index.
#[derive(Clone, Copy)]
pub(super) enum Claim {
    /// RTP: its last 16 bits.
    Sequence(u16),
    /// RTCP: in full.
    Index(u64),
}

/// The windows of all SSRCs of one direction, at most so many.
pub(super) struct Streams {
    windows: FxHashMap<u32, Window>,
    most: usize,
}

impl Streams {
    pub(super) fn at_most(most: usize) -> Self {
        Self { windows: FxHashMap::default(), most }
    }

    /// Finds the packet's index, and marks it if `accept` agrees; only then is an SSRC remembered.
    ///
    /// A new SSRC begins in the round 0 (RFC 3711 §3.3.1).
    pub(super) fn take(
        &mut self,
        ssrc: u32,
        claim: Claim,
        accept: impl FnOnce(u64) -> Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        if let Some(window) = self.windows.get_mut(&ssrc) {
            let index = window.fresh(claim)?;
            accept(index)?;
            window.mark(index);
            return Ok(());
        }
        if self.windows.len() >= self.most {
            return Err(DropReason::TooManySsrcs);
        }
        let index = match claim {
            Claim::Sequence(sequence) => u64::from(sequence),
            Claim::Index(index) => index,
        };
        accept(index)?;
        self.windows.insert(ssrc, Window { highest: index, marked: 1 });
        Ok(())
    }
}

/// Which indices of one SSRC were taken: the highest, and a bit for each of the [`WINDOW`] up to it.
struct Window {
    highest: u64,
    /// Bit k: `highest - k` was taken.
    marked: u128,
}

impl Window {
    /// The claimed index, if it is ahead of the window, or in it and was not taken.
    fn fresh(&self, claim: Claim) -> Result<u64, DropReason> {
        let index = match claim {
            Claim::Sequence(sequence) => self.estimate(sequence)?,
            Claim::Index(index) => index,
        };
        match self.highest.checked_sub(index) {
            Some(age) if age >= WINDOW || (self.marked >> age) & 1 == 1 => Err(DropReason::SrtpReplayed),
            _ => Ok(index),
        }
    }

    /// The index nearest to the highest one that ends in `sequence` (RFC 3711 §3.3.1, appendix A).
    fn estimate(&self, sequence: u16) -> Result<u64, DropReason> {
        let rounds = self.highest >> 16;
        let last = (self.highest & 0xffff) as i32;
        let rounds = match i32::from(sequence) - last {
            ..-0x8000 => rounds + 1,
            // Before the first round nothing can have been sent.
            0x8001.. => rounds.checked_sub(1).ok_or(DropReason::SrtpReplayed)?,
            _ => rounds,
        };
        let index = (rounds << 16) | u64::from(sequence);
        if index > INDEX_MAX { Err(DropReason::SrtpExhausted) } else { Ok(index) }
    }

    /// Marks an index that [`Window::fresh`] gave.
    fn mark(&mut self, index: u64) {
        if let Some(age) = self.highest.checked_sub(index) {
            self.marked |= 1 << (age % WINDOW);
        } else {
            let ahead = u32::try_from(index - self.highest).unwrap_or(u32::MAX);
            self.marked = self.marked.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = index;
        }
    }
}
