//! The RTP header and its extensions. Source: RFC 3550 §5.1, RFC 8285.

use std::ops::Range;

use super::bytes::{u8_at, u16_at, u32_at};
use super::ntp::Ntp;
use crate::drops::DropReason;

/// RTP's fixed header, in bytes.
pub const FIXED: usize = 12;

/// The largest header that the engine writes: fixed part and one block of one-byte extensions (mid 17 bytes, send time 4, level 2,
/// orientation 2, padding).
pub const WRITTEN_MAX: usize = FIXED + 4 + 28;

/// Profile of the one-byte extension block. Source: RFC 8285 §4.2.
const ONE_BYTE: u16 = 0xBEDE;

/// A parsed RTP header. `payload` excludes padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The marker bit.
    pub marker: bool,
    /// The payload type, 7 bits.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp, in units of the payload's clock.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
    /// Where the payload is in the packet; empty for padding probes.
    pub payload: Range<usize>,
    extension: Option<(u16, Range<usize>)>,
}

impl Header {
    /// Parses the header of a plaintext packet. Errors: `RtpMalformed`.
    pub fn parse(packet: &[u8]) -> Result<Self, DropReason> {
        Self::read(packet).ok_or(DropReason::RtpMalformed)
    }

    fn read(packet: &[u8]) -> Option<Self> {
        let first = u8_at(packet, 0)?;
        if first >> 6 != 2 {
            return None;
        }
        let second = u8_at(packet, 1)?;
        let mut at = FIXED + 4 * usize::from(first & 0x0F);
        let mut extension = None;
        if first & 0x10 != 0 {
            let start = at + 4;
            let end = start + 4 * usize::from(u16_at(packet, at + 2)?);
            extension = Some((u16_at(packet, at)?, start..end));
            at = end;
        }
        let padding = if first & 0x20 != 0 { usize::from(*packet.last()?) } else { 0 };
        if first & 0x20 != 0 && padding == 0 {
            return None;
        }
        let end = packet.len().checked_sub(padding)?;
        (at <= end).then_some(())?;
        Some(Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7F,
            sequence: u16_at(packet, 2)?,
            timestamp: u32_at(packet, 4)?,
            ssrc: u32_at(packet, 8)?,
            payload: at..end,
            extension,
        })
    }

    /// The value of header extension `id`, in the one-byte or the two-byte form.
    pub fn extension<'a>(&self, packet: &'a [u8], id: u8) -> Option<&'a [u8]> {
        let (profile, range) = self.extension.clone()?;
        let block = packet.get(range)?;
        if profile == ONE_BYTE {
            find_one_byte(block, id)
        } else if profile & 0xFFF0 == 0x1000 {
            find_two_byte(block, id)
        } else {
            None
        }
    }
}

fn find_one_byte(block: &[u8], id: u8) -> Option<&[u8]> {
    let mut at = 0;
    while let Some(first) = u8_at(block, at) {
        at += 1;
        if first == 0 {
            continue; // padding between elements
        }
        if first >> 4 == 15 {
            return None; // reserved: stop, RFC 8285 §4.2
        }
        let end = at + usize::from(first & 0x0F) + 1;
        if first >> 4 == id {
            return block.get(at..end);
        }
        at = end;
    }
    None
}

fn find_two_byte(block: &[u8], id: u8) -> Option<&[u8]> {
    let mut at = 0;
    while let Some(found) = u8_at(block, at) {
        at += 1;
        if found == 0 {
            continue;
        }
        let end = at + 1 + usize::from(u8_at(block, at)?);
        if found == id {
            return block.get(at + 1..end);
        }
        at = end;
    }
    None
}

/// What the engine writes into a header.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outgoing<'a> {
    /// The marker bit.
    pub marker: bool,
    /// The payload type.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
    /// Its extensions.
    pub extensions: Elements<'a>,
}

/// Header extensions to write, each with the id that the receiver negotiated; none is written that it did not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Elements<'a> {
    /// The mid, at most 16 bytes. Source: RFC 9143 §15.
    pub mid: Option<(u8, &'a [u8])>,
    /// When the packet left, 24 bits. Source: abs-send-time in libwebrtc's docs.
    pub abs_send_time: Option<(u8, [u8; 3])>,
    /// Voice activity and level. Source: RFC 6464 §3.
    pub audio_level: Option<(u8, u8)>,
    /// How the camera is held. Source: 3GPP TS 26.114 §7.4.5.
    pub video_orientation: Option<(u8, u8)>,
}

impl Elements<'_> {
    fn is_empty(&self) -> bool {
        self.mid.is_none()
            && self.abs_send_time.is_none()
            && self.audio_level.is_none()
            && self.video_orientation.is_none()
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut element = |id: u8, value: &[u8]| {
            out.push((id << 4) | ((value.len() as u8).wrapping_sub(1) & 0x0F));
            out.extend_from_slice(value);
        };
        self.mid.iter().for_each(|(id, value)| element(*id, value));
        self.abs_send_time.iter().for_each(|(id, value)| element(*id, value));
        self.audio_level.iter().for_each(|(id, value)| element(*id, &[*value]));
        self.video_orientation.iter().for_each(|(id, value)| element(*id, &[*value]));
    }
}

impl Outgoing<'_> {
    /// Writes the header into `out`, which is cleared first.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.push(if self.extensions.is_empty() { 0x80 } else { 0x90 });
        out.push((u8::from(self.marker) << 7) | (self.payload_type & 0x7F));
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        if !self.extensions.is_empty() {
            out.extend_from_slice(&ONE_BYTE.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
            self.extensions.write(out);
            out.resize(out.len().next_multiple_of(4), 0);
            let words = ((out.len() - FIXED - 4) / 4) as u16;
            if let Some(length) = out.get_mut(FIXED + 2..FIXED + 4) {
                length.copy_from_slice(&words.to_be_bytes());
            }
        }
    }
}

/// The 24 bits of abs-send-time: seconds modulo 64 in 6.18 fixed point, of the NTP time that a packet leaves at.
pub fn abs_send_time(ntp: Ntp) -> [u8; 3] {
    let [_, a, b, c] = ((ntp.0 >> 14) as u32).to_be_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_written_header_reads_back_with_its_extensions() {
        let mut packet = Vec::new();
        let extensions = Elements {
            mid: Some((1, b"v12")),
            abs_send_time: Some((2, [1, 2, 3])),
            audio_level: Some((3, 0x85)),
            video_orientation: Some((4, 2)),
        };
        let outgoing = Outgoing { marker: true, payload_type: 96, sequence: 65535, timestamp: 7, ssrc: 9, extensions };
        outgoing.write(&mut packet);
        packet.extend_from_slice(b"payload");
        let header = Header::parse(&packet).unwrap();
        assert_eq!((header.marker, header.payload_type, header.sequence), (true, 96, 65535));
        let read = |id| header.extension(&packet, id).map(<[u8]>::to_vec);
        assert_eq!((read(1), read(2)), (Some(b"v12".to_vec()), Some(vec![1, 2, 3])));
        assert_eq!((read(3), read(4), read(5)), (Some(vec![0x85]), Some(vec![2]), None));
        assert_eq!(&packet[header.payload.clone()], b"payload");
    }

    #[test]
    fn the_largest_header_has_the_stated_size() {
        let mut packet = Vec::new();
        let extensions = Elements {
            mid: Some((1, &[b'm'; 16])),
            abs_send_time: Some((2, [1, 2, 3])),
            audio_level: Some((3, 0x85)),
            video_orientation: Some((4, 2)),
        };
        Outgoing { extensions, ..Outgoing::default() }.write(&mut packet);
        assert_eq!(packet.len(), WRITTEN_MAX);
    }

    #[test]
    fn a_send_time_is_seconds_in_6_18_fixed_point() {
        assert_eq!(abs_send_time(Ntp((65 << 32) | (1 << 31))), [0x06, 0, 0]);
    }

    #[test]
    fn padding_is_taken_off_and_a_false_length_is_refused() {
        let mut packet = vec![0xA0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 5, 5, 0, 2];
        assert_eq!(Header::parse(&packet).unwrap().payload, 12..14);
        packet[15] = 5;
        assert_eq!(Header::parse(&packet), Err(DropReason::RtpMalformed));
        packet[15] = 0;
        assert_eq!(Header::parse(&packet), Err(DropReason::RtpMalformed));
    }

    #[test]
    fn two_byte_extensions_are_found() {
        let packet = [0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0x00, 0, 1, 7, 2, b'h', b'i'];
        let header = Header::parse(&packet).unwrap();
        assert_eq!(header.extension(&packet, 7), Some(&b"hi"[..]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80), id in 1u8..15) {
            if let Ok(header) = Header::parse(&bytes) {
                prop_assert!(header.payload.end <= bytes.len());
                let _ = header.extension(&bytes, id);
            }
        }
    }
}
