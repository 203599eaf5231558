//! The RFCs' own numbers for key derivation and for both ciphers, which start from session keys.

use aws_lc_rs::aead;

use super::cipher::{Cipher, Stream};
use super::{Master, Profile};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

const GCM_KEY_128: &str = "000102030405060708090a0b0c0d0e0f";
const GCM_KEY_256: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const GCM_SALT: &str = "517569642070726f2071756f";

/// RFC 3711 B.3: the cipher key, salt and authentication key of a master key.
#[test]
fn session_keys_are_derived_as_in_rfc_3711() {
    let master = Master::new(&hex("E1F97A0D3E018BE0D64FA32C06DE4139"), &hex("0EC675AD498AFEEBB6960B3AABE6")).unwrap();
    let mut key = [0; 16];
    master.expand(0, &mut key).unwrap();
    assert_eq!(key, array("C61E7A93744F39EE10734AFE3FF7A087"));
    let mut auth = [0; 20];
    master.expand(1, &mut auth).unwrap();
    assert_eq!(auth, array("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
    let mut salt = [0; 14];
    master.expand(2, &mut salt).unwrap();
    assert_eq!(salt, array("30CBBC08863D8C85D49DB34A9AE1"));
}

/// RFC 3711 B.2: AES-CM's key stream, read by sealing zeros, with the tag of RFC 2104 over it.
#[test]
fn counter_mode_gives_the_key_stream_of_rfc_3711() {
    let salt = array("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let cipher = Cipher::cm(&hex("2B7E151628AED2A6ABF7158809CF4F3C"), &[0x0b; 20], salt).unwrap();
    let mut out = [0; 48 + 10];
    cipher.seal_rtp((0, 0), &[], &[0; 48], &mut out).unwrap();
    let stream = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(out[..48], hex(stream));
}

/// RFC 2202, case 1, which our tag is the first 80 bits of.
#[test]
fn hmac_sha1_is_that_of_rfc_2202() {
    let cipher = Cipher::cm(&[0; 16], &[0x0b; 20], [0; 14]).unwrap();
    let Cipher::Cm(cm) = cipher else { unreachable!() };
    assert_eq!(cm.tag(&[b"Hi ", b"There"]), array("b617318655057264e28b"));
}

fn gcm(key: &str) -> Cipher {
    let algorithm = if key.len() == 64 { &aead::AES_256_GCM } else { &aead::AES_128_GCM };
    Cipher::gcm(algorithm, &hex(key), &hex(GCM_SALT)).unwrap()
}

/// RFC 7714 §16.1 and §16.2: one RTP packet under both key sizes, sealed and opened again.
#[test]
fn gcm_seals_rtp_as_in_rfc_7714() {
    let header = hex("8040f17b 8041f8d3 5501a0b2");
    let payload = b"Gallia est omnis divisa in partes tres";
    let at = (0x5501_a0b2, 0xf17b);
    for (key, sealed) in [
        (
            GCM_KEY_128,
            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833
             899d7f27beb16a9152cf765ee4390cce",
        ),
        (
            GCM_KEY_256,
            "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b
             7aa3db36dfffd6b0f9bb7878d7a76c13",
        ),
    ] {
        let mut out = vec![0; header.len() + payload.len() + 16];
        gcm(key).seal_rtp(at, &header, payload, &mut out).unwrap();
        assert_eq!(out, [header.clone(), hex(sealed)].concat());
        gcm(key).open_rtp(at, header.len(), &mut out).unwrap();
        assert_eq!(out[..header.len() + payload.len()], [&header, &payload[..]].concat());
    }
}

/// RFC 7714 §17.1 and §17.2: one RTCP compound under both key sizes, sealed and opened again.
#[test]
fn gcm_seals_rtcp_as_in_rfc_7714() {
    let compound =
        hex("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
    let at = (0x4d61_7273, 0x5d4);
    for (key, sealed) in [
        (
            GCM_KEY_128,
            "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b
             c84aa45896cf4d2fc5abf87245d9eade800005d4",
        ),
        (
            GCM_KEY_256,
            "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad
             1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
        ),
    ] {
        let mut out = vec![0; compound.len() + 20];
        gcm(key).seal_rtcp(at, &compound, &mut out).unwrap();
        assert_eq!(out, hex(sealed));
        assert_eq!(gcm(key).rtcp_word(&out), Some(0x8000_05d4));
        gcm(key).open_rtcp(at, &mut out).unwrap();
        assert_eq!(out[..compound.len()], compound);
    }
}

/// RTP and RTCP of one master key share nothing.
#[test]
fn rtp_and_rtcp_have_keys_of_their_own() {
    let master = Master::new(&[7; 16], &[9; 12]).unwrap();
    let seal = |stream| {
        let mut out = [0; 12 + 4 + 16];
        let cipher = Cipher::derive(Profile::AeadAes128Gcm, &master, stream).unwrap();
        cipher.seal_rtp((1, 1), &[0x80; 12], &[0; 4], &mut out).unwrap();
        out
    };
    assert_ne!(seal(Stream::Rtp), seal(Stream::Rtcp));
}
