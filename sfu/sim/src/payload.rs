//! What simulated publishers write into their packets and viewers read: a VP8 descriptor as a browser's, and a stamp that tells
//! the truth about the packet, so that a viewer can judge what the numbers around it claim.
//!
//! The descriptor is read here without the engine's parser: the judge must not share the judged one's faults.

/// A stamp's bytes.
const STAMP: usize = 36;
/// The least that a picture's packet holds.
pub const LEAST: usize = PARAMETER_SET + STAMP;
/// NAL units of H.264: a sequence parameter set, a slice that is no key frame, a fragmentation unit. Source: RFC 6184 §5.2.
const SPS: u8 = 0x67;
/// Bytes of a sequence parameter set, padding included.
const PARAMETER_SET: usize = 24;
const SLICE: u8 = 0x61;
const FRAGMENT: u8 = 0x7C;
/// In `Stamp::reference`: the frame needs no other.
pub const NONE: u32 = u32::MAX;

/// The truth about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The track's number.
    pub source: u64,
    /// The frame's number, from 0; for sound the packet's.
    pub frame: u32,
    /// The frame that it needs, or `NONE`.
    pub reference: u32,
    /// When it was captured, in microseconds since the run began.
    pub captured_us: u64,
    /// The packet's extended sequence number at the source.
    pub sequence: u64,
}

impl Stamp {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.source.to_be_bytes());
        out.extend_from_slice(&self.frame.to_be_bytes());
        out.extend_from_slice(&self.reference.to_be_bytes());
        out.extend_from_slice(&self.captured_us.to_be_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let long = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let short = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        Some(Self {
            source: long(0)?,
            frame: short(8)?,
            reference: short(12)?,
            captured_us: long(16)?,
            sequence: long(24)?,
        })
    }
}

/// Pixels across and down, as a VP8 key frame tells them behind its tag. Source: RFC 6386 §9.1.
pub type Size = (u16, u16);

/// What a payload says of its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// The first packet of the frame.
    pub start: bool,
    /// The frame needs no other; only the first packet says so.
    pub key: bool,
    /// 15 bits; none of H.264.
    pub id: Option<u16>,
    /// TL0PICIDX and the temporal layer, where there are layers.
    pub layer: Option<(u8, u8)>,
}

/// A picture's payload of `length` bytes (`LEAST` at least): VP8 where it has an id, else H.264.
pub fn write_picture(picture: &Picture, stamp: &Stamp, size: Size, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length);
    match picture.id {
        Some(id) => write_vp8(&mut out, picture, id, size),
        // A parameter set, a slice, or a later fragment.
        None if picture.key => write_parameter_set(&mut out, size),
        None => out.extend_from_slice(if picture.start { &[SLICE] } else { &[FRAGMENT, 1] }),
    }
    stamp.write(&mut out);
    out.resize(length.max(out.len()), 0xAA);
    out
}

fn write_vp8(out: &mut Vec<u8>, picture: &Picture, id: u16, (width, height): Size) {
    out.push(if picture.start { 0x90 } else { 0x80 });
    out.push(if picture.layer.is_some() { 0xE0 } else { 0x80 });
    out.extend_from_slice(&(0x8000 | id).to_be_bytes());
    if let Some((tl0, temporal)) = picture.layer {
        // Every upper frame needs only the last of the base layer: its sync bit is set.
        out.extend_from_slice(&[tl0, (temporal << 6) | 0x20]);
    }
    if picture.key {
        out.extend_from_slice(&[0x10, 0, 0, 0x9D, 0x01, 0x2A]);
        out.extend_from_slice(&width.to_le_bytes());
        out.extend_from_slice(&height.to_le_bytes());
    } else {
        out.push(0x11);
    }
}

/// A sequence parameter set of constrained baseline, padded. Source: ITU-T H.264 §7.3.2.1.
fn write_parameter_set(out: &mut Vec<u8>, (width, height): Size) {
    let (across, down) = (width.div_ceil(16), height.div_ceil(16));
    let cut = u32::from(down * 16 - height) / 2;
    let mut bits = Bits::default();
    // Profile, constraints, level; then numbers, and one frame of reference.
    [(66, 8), (0xC0, 8), (31, 8)].iter().for_each(|(value, count)| bits.put(*value, *count));
    [0, 0, 2, 1].iter().for_each(|value| bits.golomb(*value));
    bits.put(0, 1);
    bits.golomb(u32::from(across) - 1);
    bits.golomb(u32::from(down) - 1);
    bits.put(0b111, 3); // progressive, direct inference, cropped
    [0, 0, 0, cut].iter().for_each(|value| bits.golomb(*value));
    bits.put(0b01, 2); // no more parameters; the stop bit
    out.push(SPS);
    out.extend_from_slice(&bits.bytes);
    out.resize(PARAMETER_SET, 0);
}

/// Writes bits, the highest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((value >> at & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }

    /// An unsigned Exp-Golomb number. Source: ITU-T H.264 §9.1.
    fn golomb(&mut self, value: u32) {
        let length = (value + 1).ilog2();
        self.put(value + 1, 2 * length + 1);
    }
}

/// Reads what `write_picture` wrote, and what the engine made of it.
pub fn read_picture(payload: &[u8]) -> Option<(Picture, Stamp)> {
    let (start, key) = match *payload.first()? {
        SPS => return Some((h264(true, true), Stamp::read(payload.get(PARAMETER_SET..)?)?)),
        SLICE => (true, false),
        FRAGMENT => return Some((h264(false, false), Stamp::read(payload.get(2..)?)?)),
        _ => return read_vp8(payload),
    };
    Some((h264(start, key), Stamp::read(payload.get(1..)?)?))
}

fn h264(start: bool, key: bool) -> Picture {
    Picture { start, key, id: None, layer: None }
}

fn read_vp8(payload: &[u8]) -> Option<(Picture, Stamp)> {
    let (first, bits) = (*payload.first()?, *payload.get(1)?);
    let id = u16::from_be_bytes([*payload.get(2)?, *payload.get(3)?]) & 0x7FFF;
    let layered = bits & 0x40 != 0;
    let at = if layered { 6 } else { 4 };
    let layer = if layered { Some((*payload.get(4)?, payload.get(5)? >> 6)) } else { None };
    let start = first & 0x10 != 0;
    let key = start && payload.get(at)? & 1 == 0;
    let behind = at + if key { 10 } else { 1 };
    Some((Picture { start, key, id: Some(id), layer }, Stamp::read(payload.get(behind..)?)?))
}

/// A voice's payload of `length` bytes.
pub fn write_voice(stamp: &Stamp, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length);
    stamp.write(&mut out);
    out.resize(length.max(out.len()), 0xAA);
    out
}

/// Reads what `write_voice` wrote.
pub fn read_voice(payload: &[u8]) -> Option<Stamp> {
    Stamp::read(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written reads back, with and without temporal layers, and the engine's parser sees the same.
    #[test]
    fn pictures_read_back() {
        let stamp = Stamp { source: 7, frame: 9, reference: NONE, captured_us: 5_000_000, sequence: 70_000 };
        for layer in [None, Some((200, 2))] {
            let picture = Picture { start: true, key: true, id: Some(0x7ABC), layer };
            let payload = write_picture(&picture, &stamp, (640, 360), 200);
            assert_eq!(read_picture(&payload), Some((picture, stamp)));
            let seen = sfu::rtp::vp8::Descriptor::parse(&payload).unwrap();
            assert!(seen.keyframe_start && seen.picture_id.is_some_and(|id| id.value == 0x7ABC));
            assert_eq!(seen.size(&payload), Some((640, 360)));
        }
        for (start, key) in [(true, true), (true, false), (false, false)] {
            let payload = write_picture(&h264(start, key), &stamp, (640, 360), 200);
            assert_eq!(read_picture(&payload), Some((h264(start, key), stamp)));
            assert_eq!(sfu::rtp::h264::keyframe_start(&payload).unwrap().parameters, key);
            assert_eq!(sfu::rtp::h264::size(&payload), key.then_some((640, 360)));
        }
        assert_eq!(read_voice(&write_voice(&stamp, 80)), Some(stamp));
    }
}
