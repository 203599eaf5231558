//! No allocation on a packet's way: sealing and opening, counted for this thread.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use sfu::transport::srtp::{KeyingMaterial, Opener, Profile, Sealer};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// After the first packet of an SSRC, neither sealing nor opening allocates, with any profile.
#[test]
fn srtp_does_not_allocate() {
    for (profile, length) in
        [(Profile::Aes128CmSha1_80, 60), (Profile::AeadAes128Gcm, 56), (Profile::AeadAes256Gcm, 88)]
    {
        let exported = vec![7; length];
        let mut sealer = Sealer::new(&KeyingMaterial::new(profile, &exported, true).unwrap());
        let mut opener = Opener::new(&KeyingMaterial::new(profile, &exported, false).unwrap());
        let mut before = 0;
        for sequence in 1..1000u16 {
            let [q0, q1] = sequence.to_be_bytes();
            let mut out = [0; 1500];
            let sealed = sealer.seal_rtp(&[0x80, 96, q0, q1, 0, 0, 0, 1, 0, 0, 0, 5], &[1; 1200], &mut out).unwrap();
            assert_eq!(opener.open_rtp(&mut out[..sealed]), Ok(1212));
            let sealed = sealer.seal_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 5], &mut out).unwrap();
            assert_eq!(opener.open_rtcp(&mut out[..sealed]), Ok(8));
            if sequence == 1 {
                before = ALLOCATIONS.get();
            }
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{profile:?}");
    }
}
