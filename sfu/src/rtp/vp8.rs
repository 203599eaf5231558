//! The VP8 payload descriptor. Source: RFC 7741 §4.2, §4.3.

use super::bytes::{u8_at, u16_at};
use crate::drops::DropReason;

/// In a key frame, behind its three-byte tag. Source: RFC 6386 §9.1.
const START_CODE: [u8; 3] = [0x9D, 0x01, 0x2A];

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
    /// The temporal layer, 0 where there are none.
    pub temporal: u8,
    /// Whether the frame needs the base layer alone (the Y bit).
    pub sync: bool,
    /// Where the VP8 payload header begins.
    pub header: u8,
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
                let byte = u8_at(payload, at)?;
                if bits & 0x20 != 0 {
                    (descriptor.temporal, descriptor.sync) = (byte >> 6, byte & 0x20 != 0);
                }
                at += 1; // temporal layer and key index share it
            }
        }
        // The inverse key frame flag is the lowest bit of the VP8 header's first byte (RFC 7741 §4.3).
        let vp8 = u8_at(payload, at)?;
        descriptor.keyframe_start = descriptor.frame_start && vp8 & 1 == 0;
        descriptor.header = at as u8;
        Some(descriptor)
    }

    /// Width and height in pixels, from the first packet of a key frame. Source: RFC 6386 §9.1.
    pub fn size(&self, payload: &[u8]) -> Option<(u16, u16)> {
        let tag = payload.get(usize::from(self.header)..).filter(|_| self.keyframe_start)?;
        if tag.get(3..6)? != START_CODE {
            return None;
        }
        let side = |at: usize| Some(u16::from_le_bytes(*tag.get(at..)?.first_chunk()?) & 0x3FFF);
        Some((side(6)?, side(8)?)).filter(|(width, height)| *width > 0 && *height > 0)
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
    fn a_keyframe_tells_its_size_and_a_frame_its_temporal_layer() {
        let keyframe = [0x90, 0xE0, 0x81, 0x02, 0x2A, 0x60, 0x10, 2, 0, 0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x42];
        let descriptor = Descriptor::parse(&keyframe).unwrap();
        assert_eq!(descriptor.size(&keyframe), Some((1280, 720)));
        assert_eq!((descriptor.temporal, descriptor.sync), (1, true));
        assert_eq!(descriptor.size(&keyframe[..14]), None);
        let upper = Descriptor::parse(&[0x90, 0xE0, 0x81, 0x02, 0x2A, 0x80, 0x11]).unwrap();
        assert_eq!((upper.temporal, upper.sync, upper.size(&[0; 20])), (2, false, None));
    }

    #[test]
    fn a_delta_frame_and_a_later_partition_are_no_keyframe() {
        assert!(!Descriptor::parse(&[0x10, 0x01]).unwrap().keyframe_start);
        let later = Descriptor::parse(&[0x00, 0x00]).unwrap();
        assert!(!later.keyframe_start && !later.frame_start);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_and_rewriting_reads_back(mut payload in proptest::collection::vec(any::<u8>(), 0..24), id in 0u16..0x8000, tl0 in any::<u8>()) {
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
                prop_assert_eq!(again.temporal, descriptor.temporal);
                let _ = descriptor.size(&payload);
            }
        }
    }
}
