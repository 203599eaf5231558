//! Where a key frame starts in an H.264 payload. Source: RFC 6184 §5.

use super::bytes::{u8_at, u16_at};
use crate::drops::DropReason;

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// In a fragmentation unit's header: the first fragment.
const START: u8 = 0x80;
const TYPE: u8 = 0x1F;

/// Whether a decoder may begin with this packet: a sequence parameter set is in it, or an IDR picture begins.
///
/// Single NAL units, STAP-A and FU-A are read, which are all that packetization modes 0 and 1 have.
/// Errors: `PayloadMalformed`.
pub fn keyframe_start(payload: &[u8]) -> Result<bool, DropReason> {
    read(payload).ok_or(DropReason::PayloadMalformed)
}

fn read(payload: &[u8]) -> Option<bool> {
    match u8_at(payload, 0)? & TYPE {
        STAP_A => aggregated(payload),
        FU_A => {
            let header = u8_at(payload, 1)?;
            Some(header & START != 0 && begins(header & TYPE))
        }
        0 | 25..=27 | 29..=31 => None, // reserved, or of packetization mode 2
        single => Some(begins(single)),
    }
}

fn begins(kind: u8) -> bool {
    kind == SPS || kind == IDR
}

fn aggregated(payload: &[u8]) -> Option<bool> {
    let (mut at, mut found) = (1, false);
    while at < payload.len() {
        let size = usize::from(u16_at(payload, at)?);
        let unit = payload.get(at + 2..at + 2 + size)?;
        found |= begins(u8_at(unit, 0)? & TYPE);
        at += 2 + size;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameter_sets_and_idr_pictures_begin() {
        let stap = [0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 1];
        for (payload, begins) in [
            (&stap[..], true),
            (&[0x67, 1, 2], true),
            (&[0x65, 1, 2], true),
            (&[0x7C, 0x85, 1], true),
            (&[0x7C, 0x45, 1], false),
            (&[0x7C, 0x81, 1], false),
            (&[0x61, 1, 2], false),
            (&[0x78, 0, 2, 0x68, 1], false),
        ] {
            assert_eq!(keyframe_start(payload), Ok(begins), "{payload:02x?}");
        }
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for payload in [&[][..], &[0x78, 0, 9, 0x67], &[0x78, 0, 0], &[0x7C], &[0x79, 0, 0], &[0x00]] {
            assert_eq!(keyframe_start(payload), Err(DropReason::PayloadMalformed), "{payload:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = keyframe_start(&bytes);
        }
    }
}
