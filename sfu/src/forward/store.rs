//! The shared packet store of one layer: a ring that holds each payload once, however many subscribers it has.

use crate::drops::DropReason;
use crate::rtp::vp8;

/// Largest payload that is kept; what a browser sends stays below 1,200 bytes.
pub const PAYLOAD_MAX: usize = 1400;

/// Video: 1,024 packets are 2 s at 5 Mbit/s, beyond what a NACK may ask for.
pub const VIDEO_CAPACITY: usize = 1024;
/// Audio: 128 packets are 2.5 s.
pub const AUDIO_CAPACITY: usize = 128;

/// What is known of a stored packet beside its payload.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meta {
    /// Extended sequence number, as the publisher sent it.
    pub sequence: u64,
    /// RTP timestamp, as the publisher sent it.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// The VP8 descriptor; none of other codecs.
    pub vp8: Option<vp8::Descriptor>,
    /// The VP8 picture id without roll-over.
    pub picture: Option<u64>,
    /// Whether a receiver may begin with this packet.
    pub opens: bool,
    /// Voice activity and level, as the publisher sent it. Source: RFC 6464 §3.
    pub audio_level: Option<u8>,
    /// How the camera is held, as the publisher sent it. Source: 3GPP TS 26.114 §7.4.5.
    pub video_orientation: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    meta: Meta,
    length: u16,
}

/// A ring of packets by extended sequence number.
#[derive(Debug)]
pub struct Store {
    entries: Vec<Option<Entry>>,
    payloads: Vec<u8>,
    newest: Option<u64>,
}

impl Store {
    /// A store of `capacity` packets, allocated at once.
    pub fn new(capacity: usize) -> Self {
        Self { entries: vec![None; capacity], payloads: vec![0; capacity * PAYLOAD_MAX], newest: None }
    }

    /// Keeps a packet.
    ///
    /// Errors: `Duplicate` when it is there already or older than the ring, `PayloadMalformed` when it is too long.
    pub fn insert(&mut self, meta: Meta, payload: &[u8]) -> Result<(), DropReason> {
        let capacity = self.entries.len() as u64;
        if self.newest.is_some_and(|newest| meta.sequence + capacity <= newest) || self.meta(meta.sequence).is_some() {
            return Err(DropReason::Duplicate);
        }
        let index = self.index(meta.sequence);
        let start = index * PAYLOAD_MAX;
        let place = self.payloads.get_mut(start..start + payload.len().min(PAYLOAD_MAX));
        let (Some(entry), Some(place)) = (self.entries.get_mut(index), place) else {
            return Err(DropReason::PayloadMalformed);
        };
        if payload.len() > PAYLOAD_MAX {
            return Err(DropReason::PayloadMalformed);
        }
        place.copy_from_slice(payload);
        *entry = Some(Entry { meta, length: payload.len() as u16 });
        self.newest = self.newest.max(Some(meta.sequence));
        Ok(())
    }

    /// Forgets every packet.
    pub fn clear(&mut self) {
        self.entries.fill(None);
        self.newest = None;
    }

    /// What is held behind `sequence`, in order.
    pub fn after(&self, sequence: u64) -> impl Iterator<Item = (&Meta, &[u8])> {
        let newest = self.newest.unwrap_or(sequence);
        (sequence + 1..=newest).filter_map(|later| self.get(later))
    }

    /// The packet with this extended sequence number, if the ring still holds it.
    pub fn get(&self, sequence: u64) -> Option<(&Meta, &[u8])> {
        let index = self.index(sequence);
        let entry = self.entries.get(index)?.as_ref().filter(|entry| entry.meta.sequence == sequence)?;
        let start = index * PAYLOAD_MAX;
        Some((&entry.meta, self.payloads.get(start..start + usize::from(entry.length))?))
    }

    fn meta(&self, sequence: u64) -> Option<&Meta> {
        self.get(sequence).map(|(meta, _)| meta)
    }

    fn index(&self, sequence: u64) -> usize {
        (sequence % self.entries.len() as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::sequence::Unwrapper;
    use proptest::prelude::*;

    fn meta(sequence: u64) -> Meta {
        Meta { sequence, ..Meta::default() }
    }

    proptest! {
        #[test]
        fn holds_the_newest_and_refuses_what_it_has_or_left_behind(sequences in proptest::collection::vec(0u64..400, 1..300)) {
            let mut store = Store::new(64);
            let mut newest = 0;
            let mut seen = std::collections::HashSet::new();
            for sequence in sequences {
                let fresh = !seen.contains(&sequence) && sequence + 64 > newest;
                let stored = store.insert(meta(sequence), &sequence.to_be_bytes());
                prop_assert_eq!(stored.is_ok(), fresh);
                if fresh {
                    seen.insert(sequence);
                    newest = newest.max(sequence);
                    prop_assert_eq!(store.get(sequence).unwrap().1, &sequence.to_be_bytes());
                }
                seen.retain(|kept| kept + 64 > newest);
            }
        }
    }

    proptest! {
        /// As publishers number their packets, in 16 bits that go round, with losses and late ones: the newest are held.
        #[test]
        fn holds_its_packets_over_roll_overs(start in any::<u16>(), steps in proptest::collection::vec((1u16..9, 0u16..40), 3000..9000)) {
            let (mut unwrapper, mut store) = (Unwrapper::<16>::default(), Store::new(64));
            let (mut at, mut truth) = (u64::from(start) + (1 << 16), std::collections::BTreeMap::new());
            for (step, late) in steps {
                at += u64::from(step);
                // One in eight comes late, by up to 40 numbers.
                for number in [at, at - u64::from(late)].into_iter().take(if step == 1 { 2 } else { 1 }) {
                    let sequence = unwrapper.unwrap(number as u16);
                    if store.insert(meta(sequence), &number.to_be_bytes()).is_ok() {
                        truth.insert(number, sequence);
                    }
                }
                truth.retain(|number, _| number + 64 > at);
                if at % 64 == 0 {
                    for (number, sequence) in &truth {
                        prop_assert_eq!(store.get(*sequence).unwrap().1, &number.to_be_bytes());
                    }
                }
            }
        }
    }

    #[test]
    fn a_payload_beyond_the_maximum_is_refused() {
        assert_eq!(Store::new(4).insert(meta(1), &[0; PAYLOAD_MAX + 1]), Err(DropReason::PayloadMalformed));
    }
}
