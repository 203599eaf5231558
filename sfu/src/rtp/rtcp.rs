//! RTCP: what is read from peers and written to them. Source: RFC 3550 §6, RFC 4585, RFC 5104, REMB draft 03.

use super::bytes::{u8_at, u16_at, u24_at, u32_at};
use super::ntp::Ntp;
use crate::drops::DropReason;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;

/// One thing that a peer's compound packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report<'a> {
    /// A sender report's own part.
    Sender {
        /// Whose it is.
        ssrc: u32,
        /// Wall-clock time of the sender …
        ntp: Ntp,
        /// … and the RTP timestamp of the same moment.
        rtp: u32,
    },
    /// One reception report block, of a sender or receiver report.
    Reception(ReportBlock),
    /// Lost packets.
    Nack {
        /// The stream.
        media: u32,
        /// Pairs of packet id and bitmask, for `nacked`.
        pairs: &'a [u8],
    },
    /// A key frame is wanted (PLI, or an entry of a FIR).
    Keyframe {
        /// The stream.
        media: u32,
    },
    /// The receiver's estimate.
    Remb {
        /// In bit/s, of these sources together.
        bitrate: u64,
        /// Their SSRCs, four bytes each.
        ssrcs: &'a [u8],
    },
    /// The source is leaving.
    Bye {
        /// Whose it was.
        ssrc: u32,
    },
}

/// Report blocks of a report, and sources of a goodbye: their count has five bits.
pub const BLOCKS_MAX: usize = 31;

/// A reception report block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source that is reported on.
    pub ssrc: u32,
    /// Fraction lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Cumulative number of packets lost, 24 bits.
    pub lost: u32,
    /// Extended highest sequence number received.
    pub highest: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle bits of the last sender report's NTP time.
    pub last_sender_report: u32,
    /// Delay since that report, in 1/65536 s.
    pub delay: u32,
}

/// Calls `each` for every report in a compound packet; unknown kinds are passed over.
///
/// Errors: `RtcpMalformed`, when a length does not add up; what came before it has been reported.
pub fn parse<'a>(compound: &'a [u8], mut each: impl FnMut(Report<'a>)) -> Result<(), DropReason> {
    let mut rest = compound;
    while !rest.is_empty() {
        let length = u16_at(rest, 2).ok_or(DropReason::RtcpMalformed)?;
        let end = 4 * (usize::from(length) + 1);
        let packet = rest.get(..end).ok_or(DropReason::RtcpMalformed)?;
        if u8_at(packet, 0).unwrap_or(0) >> 6 != 2 {
            return Err(DropReason::RtcpMalformed);
        }
        parse_one(packet, &mut each).ok_or(DropReason::RtcpMalformed)?;
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(())
}

fn parse_one<'a>(packet: &'a [u8], each: &mut impl FnMut(Report<'a>)) -> Option<()> {
    let count = u8_at(packet, 0)? & 0x1F;
    match u8_at(packet, 1)? {
        SENDER_REPORT => {
            let ntp = (u64::from(u32_at(packet, 8)?) << 32) | u64::from(u32_at(packet, 12)?);
            each(Report::Sender { ssrc: u32_at(packet, 4)?, ntp: Ntp(ntp), rtp: u32_at(packet, 16)? });
            parse_blocks(packet, 28, count, each)
        }
        RECEIVER_REPORT => parse_blocks(packet, 8, count, each),
        BYE => {
            for index in 0..usize::from(count) {
                each(Report::Bye { ssrc: u32_at(packet, 4 + 4 * index)? });
            }
            Some(())
        }
        TRANSPORT_FEEDBACK if count == 1 => {
            each(Report::Nack { media: u32_at(packet, 8)?, pairs: packet.get(12..)? });
            Some(())
        }
        PAYLOAD_FEEDBACK => parse_payload_feedback(packet, count, each),
        _ => Some(()),
    }
}

fn parse_blocks<'a>(packet: &'a [u8], mut at: usize, count: u8, each: &mut impl FnMut(Report<'a>)) -> Option<()> {
    for _ in 0..count {
        each(Report::Reception(ReportBlock {
            ssrc: u32_at(packet, at)?,
            fraction_lost: u8_at(packet, at + 4)?,
            lost: u24_at(packet, at + 5)?,
            highest: u32_at(packet, at + 8)?,
            jitter: u32_at(packet, at + 12)?,
            last_sender_report: u32_at(packet, at + 16)?,
            delay: u32_at(packet, at + 20)?,
        }));
        at += 24;
    }
    Some(())
}

fn parse_payload_feedback<'a>(packet: &'a [u8], format: u8, each: &mut impl FnMut(Report<'a>)) -> Option<()> {
    match format {
        1 => each(Report::Keyframe { media: u32_at(packet, 8)? }),
        4 => {
            let mut at = 12;
            while let Some(media) = u32_at(packet, at) {
                each(Report::Keyframe { media });
                at += 8;
            }
        }
        15 if packet.get(12..16) == Some(b"REMB") => {
            let exponent = u8_at(packet, 17)? >> 2;
            let mantissa = u64::from(u24_at(packet, 17)? & 0x3_FFFF);
            let bitrate = mantissa.checked_shl(u32::from(exponent)).unwrap_or(u64::MAX);
            let count = usize::from(u8_at(packet, 16)?);
            each(Report::Remb { bitrate, ssrcs: packet.get(20..20 + 4 * count)? });
        }
        _ => {}
    }
    Some(())
}

/// The sequence numbers that a NACK's pairs name. Source: RFC 4585 §6.2.1.
pub fn nacked(pairs: &[u8]) -> impl Iterator<Item = u16> {
    pairs.chunks_exact(4).flat_map(|pair| {
        let first = u16_at(pair, 0).unwrap_or(0);
        let mask = u16_at(pair, 2).unwrap_or(0);
        std::iter::once(first)
            .chain((0..16).filter(move |bit| mask & (1 << bit) != 0).map(move |bit| first.wrapping_add(bit + 1)))
    })
}

/// SSRCs of a list.
pub fn ssrcs(list: &[u8]) -> impl Iterator<Item = u32> {
    list.chunks_exact(4).filter_map(|bytes| u32_at(bytes, 0))
}

/// A sender's own part of a report.
#[derive(Debug, Clone, Copy)]
pub struct SenderInfo {
    /// Wall-clock time …
    pub ntp: Ntp,
    /// … and the RTP timestamp of the same moment.
    pub rtp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub bytes: u32,
}

/// Appends a sender report and the SDES that a compound packet owes.
pub fn write_sender_report(out: &mut Vec<u8>, ssrc: u32, info: &SenderInfo, cname: &str) {
    write_head(out, 0, SENDER_REPORT, 6);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&info.ntp.0.to_be_bytes());
    for word in [info.rtp, info.packets, info.bytes] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    write_cname(out, ssrc, cname);
}

/// Appends a receiver report with its blocks (`BLOCKS_MAX` at most) and the SDES that a compound packet owes.
pub fn write_receiver_report(out: &mut Vec<u8>, ssrc: u32, blocks: &[ReportBlock], cname: &str) {
    let blocks = blocks.get(..BLOCKS_MAX).unwrap_or(blocks);
    write_head(out, blocks.len() as u8, RECEIVER_REPORT, 1 + 6 * blocks.len() as u16);
    out.extend_from_slice(&ssrc.to_be_bytes());
    for block in blocks {
        out.extend_from_slice(&block.ssrc.to_be_bytes());
        out.extend_from_slice(&((u32::from(block.fraction_lost) << 24) | (block.lost & 0xFF_FFFF)).to_be_bytes());
        for word in [block.highest, block.jitter, block.last_sender_report, block.delay] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
    write_cname(out, ssrc, cname);
}

fn write_cname(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
    let name = cname.as_bytes().get(..255).unwrap_or(cname.as_bytes());
    let words = (4 + 2 + name.len() + 1).div_ceil(4);
    let end = out.len() + 4 + 4 * words;
    write_head(out, 1, SDES, words as u16);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[1, name.len() as u8]);
    out.extend_from_slice(name);
    out.resize(end, 0);
}

/// Appends a goodbye of these sources (`BLOCKS_MAX` at most). Source: RFC 3550 §6.6.
pub fn write_bye(out: &mut Vec<u8>, ssrcs: &[u32]) {
    let ssrcs = ssrcs.get(..BLOCKS_MAX).unwrap_or(ssrcs);
    write_head(out, ssrcs.len() as u8, BYE, ssrcs.len() as u16);
    ssrcs.iter().for_each(|ssrc| out.extend_from_slice(&ssrc.to_be_bytes()));
}

/// Appends a picture loss indication.
pub fn write_pli(out: &mut Vec<u8>, sender: u32, media: u32) {
    write_feedback_head(out, 1, PAYLOAD_FEEDBACK, 0, sender, media);
}

/// Appends a NACK for `missing`, ascending.
pub fn write_nack(out: &mut Vec<u8>, sender: u32, media: u32, missing: impl Iterator<Item = u16>) {
    let start = out.len();
    write_feedback_head(out, 1, TRANSPORT_FEEDBACK, 0, sender, media);
    let mut pair: Option<(u16, u16)> = None;
    let mut pairs = 0u16;
    for sequence in missing {
        match &mut pair {
            Some((first, mask)) if (1..=16).contains(&sequence.wrapping_sub(*first)) => {
                *mask |= 1 << (sequence.wrapping_sub(*first) - 1);
            }
            _ => {
                if let Some(full) = pair.replace((sequence, 0)) {
                    write_pair(out, full);
                    pairs += 1;
                }
            }
        }
    }
    if let Some(last) = pair {
        write_pair(out, last);
        pairs += 1;
    }
    if let Some(length) = out.get_mut(start + 2..start + 4) {
        length.copy_from_slice(&(2 + pairs).to_be_bytes());
    }
}

fn write_pair(out: &mut Vec<u8>, (first, mask): (u16, u16)) {
    out.extend_from_slice(&first.to_be_bytes());
    out.extend_from_slice(&mask.to_be_bytes());
}

/// Appends a REMB for `ssrcs` (255 at most). Source: draft-alvestrand-rmcat-remb-03 §2.2.
pub fn write_remb(out: &mut Vec<u8>, sender: u32, bitrate: u64, ssrcs: &[u32]) {
    let ssrcs = ssrcs.get(..255).unwrap_or(ssrcs);
    let exponent = (64 - bitrate.leading_zeros()).saturating_sub(18);
    let mantissa = (bitrate >> exponent) as u32;
    write_feedback_head(out, 15, PAYLOAD_FEEDBACK, 2 + ssrcs.len() as u16, sender, 0);
    out.extend_from_slice(b"REMB");
    out.extend_from_slice(&(((ssrcs.len() as u32) << 24) | (exponent << 18) | mantissa).to_be_bytes());
    for ssrc in ssrcs {
        out.extend_from_slice(&ssrc.to_be_bytes());
    }
}

fn write_feedback_head(out: &mut Vec<u8>, format: u8, kind: u8, words: u16, sender: u32, media: u32) {
    write_head(out, format, kind, 2 + words);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
}

fn write_head(out: &mut Vec<u8>, count: u8, kind: u8, words: u16) {
    out.extend_from_slice(&[0x80 | (count & 0x1F), kind]);
    out.extend_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reports(compound: &[u8]) -> Vec<Report<'_>> {
        let mut seen = Vec::new();
        parse(compound, |report| seen.push(report)).unwrap();
        seen
    }

    #[test]
    fn a_compound_of_everything_reads_back() {
        let mut out = Vec::new();
        let info = SenderInfo { ntp: Ntp(0x0102_0304_0506_0708), rtp: 99, packets: 3, bytes: 4 };
        write_sender_report(&mut out, 7, &info, "someone");
        let block = ReportBlock {
            ssrc: 8,
            fraction_lost: 25,
            lost: 12,
            highest: 70_000,
            jitter: 5,
            last_sender_report: 6,
            delay: 7,
        };
        write_receiver_report(&mut out, 1, &[block], "x");
        write_pli(&mut out, 1, 8);
        write_remb(&mut out, 1, 2_500_000, &[8, 9]);
        let seen = reports(&out);
        assert_eq!(seen[0], Report::Sender { ssrc: 7, ntp: info.ntp, rtp: 99 });
        assert_eq!(seen[1], Report::Reception(block));
        assert_eq!(seen[2], Report::Keyframe { media: 8 });
        assert!(matches!(seen[3], Report::Remb { bitrate, .. } if (2_499_000..=2_500_000).contains(&bitrate)));
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn a_full_intra_request_asks_for_a_keyframe_of_each_entry() {
        let fir = [0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0, 0, 0, 0, 10, 2, 0, 0, 0];
        assert_eq!(reports(&fir), [Report::Keyframe { media: 9 }, Report::Keyframe { media: 10 }]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes, |report| if let Report::Nack { pairs, .. } = report { let _ = nacked(pairs).count(); });
        }

        #[test]
        fn a_nack_names_what_it_was_given(start in any::<u16>(), mut offsets in proptest::collection::btree_set(0u16..400, 1..60)) {
            let missing: Vec<u16> = std::mem::take(&mut offsets).into_iter().map(|offset| start.wrapping_add(offset)).collect();
            let mut out = Vec::new();
            write_nack(&mut out, 1, 2, missing.iter().copied());
            let seen = reports(&out);
            let Report::Nack { media, pairs } = seen[0] else { panic!("not a NACK") };
            prop_assert_eq!(media, 2);
            prop_assert_eq!(nacked(pairs).collect::<Vec<_>>(), missing);
        }

        #[test]
        fn a_remb_keeps_its_rate_within_its_precision(bitrate in 1u64..100_000_000_000) {
            let mut out = Vec::new();
            write_remb(&mut out, 1, bitrate, &[3]);
            let Report::Remb { bitrate: read, ssrcs: &[0, 0, 0, 3] } = reports(&out)[0] else { panic!("not a REMB") };
            prop_assert!(read <= bitrate && bitrate - read <= bitrate >> 16);
        }
    }
}
