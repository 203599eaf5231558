//! The fuzzers' committed seeds and findings, replayed as plain tests: `sfu/fuzz/seeds/TARGET/`.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

#[test]
fn every_seed_and_finding_passes() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, target) in targets::TARGETS {
        let files: Vec<_> = std::fs::read_dir(seeds.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty(), "{name} has no seed");
        for file in files {
            target(&std::fs::read(&file).unwrap());
        }
    }
}

/// A seed must reach the code behind its parser: one that is refused at the door teaches the fuzzer nothing.
#[test]
fn the_seeds_are_what_the_parsers_take() {
    let seed = |name: &str| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name)).unwrap();
    assert!(sfu::transport::stun::BindingRequest::parse(&seed("stun/request")).is_ok());
    assert!(sfu::rtp::header::Header::parse(&seed("rtp/extensions")).is_ok());
    assert!(sfu::rtp::rtcp::parse(&seed("rtcp/everything"), |_| {}).is_ok());
    let keyframe = seed("vp8/keyframe");
    let descriptor = sfu::rtp::vp8::Descriptor::parse(&keyframe).unwrap();
    assert_eq!(descriptor.size(&keyframe), Some((1280, 720)));
    assert!(sfu::rtp::h264::keyframe_start(&seed("h264/parameter-sets")).unwrap().parameters);
    assert_eq!(sfu::rtp::h264::size(&seed("h264/parameter-sets")), Some((1280, 720)));
}
