//! The VP8 payload descriptor. Source: RFC 7741 §4.2, §4.3.

use super::bytes::{u8_at, u16_at};
use crate::drops::DropReason;

/// What the forwarder needs of a VP8 payload; offsets are from the payload's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Descriptor {
    /// First packet of a key frame.
    pub keyframe_start: bool,
    /// First packet of a frame.
    pub frame_start: bool,
    /// The picture id and where it stands.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX and where it stands.
    pub tl0_index: Option<(u8, u8)>,
}

/// A picture id of 7 or 15 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId {
    /// Its offset in the payload.
    pub offset: u8,
    /// Whether it has 15 bits.
    pub long: bool,
    /// Its value.
    pub value: u16,
}

impl Descriptor {
    /// Parses the descriptor at the payload's start. Errors: `PayloadMalformed`.
    pub fn parse(payload: &[u8]) -> Result<Self, DropReason> {
        Self::read(payload).ok_or(DropReason::PayloadMalformed)
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let first = u8_at(payload, 0)?;
        let mut descriptor = Self { frame_start: first & 0x10 != 0 && first & 0x07 == 0, ..Self::default() };
        let mut at = 1;
        if first & 0x80 != 0 {
            let bits = u8_at(payload, 1)?;
            at = 2;
            if bits & 0x80 != 0 {
                let picture_id = read_picture_id(payload, at)?;
                at += if picture_id.long { 2 } else { 1 };
                descriptor.picture_id = Some(picture_id);
            }
            if bits & 0x40 != 0 {
                descriptor.tl0_index = Some((at as u8, u8_at(payload, at)?));
                at += 1;
            }
            if bits & 0x30 != 0 {
                at += 1; // temporal layer and key index
            }
        }
        // The inverse key frame flag is the lowest bit of the VP8 header's first byte (RFC 7741 §4.3).
        let vp8 = u8_at(payload, at)?;
        descriptor.keyframe_start = descriptor.frame_start && vp8 & 1 == 0;
        Some(descriptor)
    }

    /// Writes another picture id and TL0PICIDX into a copy of the payload that this descriptor was parsed from.
    pub fn rewrite(&self, payload: &mut [u8], picture_id: u16, tl0_index: u8) {
        if let Some(id) = self.picture_id {
            let at = usize::from(id.offset);
            if id.long {
                if let Some(place) = payload.get_mut(at..at + 2) {
                    place.copy_from_slice(&(0x8000 | (picture_id & 0x7FFF)).to_be_bytes());
                }
            } else if let Some(place) = payload.get_mut(at) {
                *place = (picture_id & 0x7F) as u8;
            }
        }
        if let Some((at, _)) = self.tl0_index
            && let Some(place) = payload.get_mut(usize::from(at))
        {
            *place = tl0_index;
        }
    }
}

fn read_picture_id(payload: &[u8], at: usize) -> Option<PictureId> {
    let first = u8_at(payload, at)?;
    let long = first & 0x80 != 0;
    let value = if long { u16_at(payload, at)? & 0x7FFF } else { u16::from(first) };
    Some(PictureId { offset: at as u8, long, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_chromiums_full_descriptor() {
        let payload = [0x90, 0xE0, 0x81, 0x02, 0x2A, 0x40, 0x10, 0, 0];
        let descriptor = Descriptor::parse(&payload).unwrap();
        assert!(descriptor.keyframe_start);
        assert_eq!(descriptor.picture_id, Some(PictureId { offset: 2, long: true, value: 0x102 }));
        assert_eq!(descriptor.tl0_index, Some((4, 0x2A)));
    }

    #[test]
    fn a_delta_frame_and_a_later_partition_are_no_keyframe() {
        assert!(!Descriptor::parse(&[0x10, 0x01]).unwrap().keyframe_start);
        let later = Descriptor::parse(&[0x00, 0x00]).unwrap();
        assert!(!later.keyframe_start && !later.frame_start);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_and_rewriting_reads_back(mut payload in proptest::collection::vec(any::<u8>(), 0..16), id in 0u16..0x8000, tl0 in any::<u8>()) {
            if let Ok(descriptor) = Descriptor::parse(&payload) {
                descriptor.rewrite(&mut payload, id, tl0);
                let again = Descriptor::parse(&payload).unwrap();
                if let Some(read) = again.picture_id {
                    prop_assert_eq!(read.value, if read.long { id } else { id & 0x7F });
                }
                if let Some((_, read)) = again.tl0_index {
                    prop_assert_eq!(read, tl0);
                }
                prop_assert_eq!(again.keyframe_start, descriptor.keyframe_start);
            }
        }
    }
}
