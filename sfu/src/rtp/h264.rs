//! Where a key frame starts in an H.264 payload, and its size. Source: RFC 6184 §5, ITU-T H.264 §7.3.2.1.

use super::bytes::{u8_at, u16_at};
use crate::drops::DropReason;

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// In a fragmentation unit's header: the first fragment.
const START: u8 = 0x80;
const TYPE: u8 = 0x1F;
/// Baseline, main and extended profile: their parameter sets have no chroma format and scaling lists before the size.
const PLAIN_PROFILES: [u32; 3] = [66, 77, 88];
/// Macroblocks have 16 × 16 pixels.
const MACROBLOCK: u32 = 16;

/// What of a key frame begins in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Begins {
    /// A sequence parameter set is in it: any decoder may begin here.
    pub parameters: bool,
    /// An IDR picture begins: a decoder that has the parameter sets may begin here.
    pub picture: bool,
}

/// What of a key frame begins with this packet.
///
/// Single NAL units, STAP-A and FU-A are read, which are all that packetization modes 0 and 1 have.
/// Errors: `PayloadMalformed`.
pub fn keyframe_start(payload: &[u8]) -> Result<Begins, DropReason> {
    read(payload).ok_or(DropReason::PayloadMalformed)
}

fn read(payload: &[u8]) -> Option<Begins> {
    match u8_at(payload, 0)? & TYPE {
        STAP_A => {
            let mut found = Begins::default();
            each_aggregated(payload, |unit| {
                let kind = u8_at(unit, 0).unwrap_or(0) & TYPE;
                found.parameters |= kind == SPS;
                found.picture |= kind == IDR;
            })?;
            Some(found)
        }
        FU_A => {
            let header = u8_at(payload, 1)?;
            Some(begins(if header & START != 0 { header & TYPE } else { 0 }))
        }
        0 | 25..=27 | 29..=31 => None, // reserved, or of packetization mode 2
        single => Some(begins(single)),
    }
}

fn begins(kind: u8) -> Begins {
    Begins { parameters: kind == SPS, picture: kind == IDR }
}

/// Calls `each` for every NAL unit of a STAP-A; `None` where one is empty or its length does not add up.
fn each_aggregated<'a>(payload: &'a [u8], mut each: impl FnMut(&'a [u8])) -> Option<()> {
    let mut at = 1;
    while at < payload.len() {
        let size = usize::from(u16_at(payload, at)?);
        let unit = payload.get(at + 2..at + 2 + size).filter(|unit| !unit.is_empty())?;
        each(unit);
        at += 2 + size;
    }
    Some(())
}

/// Width and height in pixels, where the packet holds a sequence parameter set of baseline, main or extended profile.
pub fn size(payload: &[u8]) -> Option<(u16, u16)> {
    let mut set = None;
    match u8_at(payload, 0)? & TYPE {
        SPS => set = Some(payload),
        STAP_A => each_aggregated(payload, |unit| {
            if u8_at(unit, 0).is_some_and(|header| header & TYPE == SPS) {
                set = Some(unit);
            }
        })?,
        _ => {}
    }
    let mut bits = Bits { bytes: set?.get(1..)?, at: 0, zeros: 0 };
    parameter_set_size(&mut bits)
}

fn parameter_set_size(bits: &mut Bits<'_>) -> Option<(u16, u16)> {
    let profile = bits.take(8)?;
    bits.take(16)?; // constraints and level
    if !PLAIN_PROFILES.contains(&profile) {
        return None;
    }
    bits.golomb()?; // its id
    bits.golomb()?; // log2 of the largest frame number
    match bits.golomb()? {
        0 => drop(bits.golomb()?),
        1 => {
            bits.take(1)?;
            bits.golomb()?; // two signed offsets: only their lengths matter
            bits.golomb()?;
            for _ in 0..bits.golomb()?.min(255) {
                bits.golomb()?;
            }
        }
        _ => {}
    }
    bits.golomb()?; // reference frames
    bits.take(1)?; // gaps allowed
    let across = bits.golomb()?.checked_add(1)?.checked_mul(MACROBLOCK)?;
    let rows = bits.golomb()?.checked_add(1)?;
    let progressive = bits.take(1)?;
    if progressive == 0 {
        bits.take(1)?;
    }
    let down = rows.checked_mul(MACROBLOCK)?.checked_mul(2 - progressive)?;
    bits.take(1)?; // direct inference
    let (mut width, mut height) = (across, down);
    if bits.take(1)? == 1 {
        // Cropping counts in units of two pixels in 4:2:0, and of four lines where fields are interlaced.
        let [left, right, top, bottom] = [bits.golomb()?, bits.golomb()?, bits.golomb()?, bits.golomb()?];
        width = across.checked_sub(left.checked_add(right)?.checked_mul(2)?)?;
        height = down.checked_sub(top.checked_add(bottom)?.checked_mul(2 * (2 - progressive))?)?;
    }
    let side = |pixels: u32| u16::try_from(pixels).ok().filter(|pixels| *pixels > 0);
    Some((side(width)?, side(height)?))
}

/// Reads bits, without the emulation prevention bytes. Source: ITU-T H.264 §7.3.1, §9.1.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u32,
    zeros: u8,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        if self.at == 0 && self.zeros >= 2 && self.bytes.first() == Some(&3) {
            self.bytes = self.bytes.get(1..)?;
            self.zeros = 0;
        }
        let byte = *self.bytes.first()?;
        let bit = u32::from(byte >> (7 - self.at)) & 1;
        self.at += 1;
        if self.at == 8 {
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
            (self.bytes, self.at) = (self.bytes.get(1..)?, 0);
        }
        Some(bit)
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some((value << 1) | self.bit()?))
    }

    /// An unsigned Exp-Golomb number of at most 16 leading zeros: no size needs more.
    fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 16 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameter_sets_and_idr_pictures_begin() {
        let stap = [0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 1];
        for (payload, parameters, picture) in [
            (&stap[..], true, false),
            (&[0x67, 1, 2], true, false),
            (&[0x65, 1, 2], false, true),
            (&[0x7C, 0x85, 1], false, true),
            (&[0x7C, 0x45, 1], false, false),
            (&[0x7C, 0x81, 1], false, false),
            (&[0x61, 1, 2], false, false),
            (&[0x78, 0, 2, 0x68, 1], false, false),
        ] {
            assert_eq!(keyframe_start(payload), Ok(Begins { parameters, picture }), "{payload:02x?}");
        }
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for payload in [&[][..], &[0x78, 0, 9, 0x67], &[0x78, 0, 0], &[0x7C], &[0x79, 0, 0], &[0x00]] {
            assert_eq!(keyframe_start(payload), Err(DropReason::PayloadMalformed), "{payload:02x?}");
        }
    }

    /// 1280×720 as libwebrtc's OpenH264 writes it, alone and in a STAP-A; 1920×1080 is cropped from 1088 lines.
    #[test]
    fn a_parameter_set_tells_the_size() {
        let hd = [0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x28, 0x02, 0xDC, 0x80];
        assert_eq!(size(&hd), Some((1280, 720)));
        let mut stap = vec![0x78, 0, 11];
        stap.extend_from_slice(&hd);
        assert_eq!(size(&stap), Some((1280, 720)));
        let full = [0x67, 0x42, 0xC0, 0x28, 0x8C, 0x8D, 0x40, 0x3C, 0x01, 0x13, 0xF2, 0xA0];
        assert_eq!(size(&full), Some((1920, 1080)));
        assert_eq!((size(&hd[..6]), size(&[0x61, 1, 2])), (None, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = keyframe_start(&bytes);
            let _ = size(&bytes);
            let mut set = vec![0x67, 66];
            set.extend_from_slice(&bytes);
            let _ = size(&set);
        }
    }
}
