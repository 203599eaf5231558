//! What a hostile peer can make a handshake remember is bounded: pieces of messages that never become whole.
#![allow(clippy::unwrap_used, unsafe_code, reason = "a counting allocator; a test fails by a panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Instant;

use sfu::transport::dtls::{Certificate, DATAGRAM_MAX, Dtls, DtlsOutput, DtlsRole, Fingerprint};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// Counts the bytes that this thread holds.
struct Counting;

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.set(LIVE.get() + layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One record with a piece of a handshake message that claims 16 MB.
fn piece(record: u16, message: u16, offset: u32) -> Vec<u8> {
    let body = [7; 1100];
    let length = (12 + body.len() as u16).to_be_bytes();
    let [_, o @ ..] = offset.to_be_bytes();
    let [_, l @ ..] = (body.len() as u32).to_be_bytes();
    let handshake = [&[1, 0xFF, 0xFF, 0xFF][..], &message.to_be_bytes(), &o, &l, &body].concat();
    [&[22, 254, 253, 0, 0, 0, 0, 0, 0][..], &record.to_be_bytes(), &length, &handshake].concat()
}

/// Twenty thousand pieces, of one message or of as many, take no more memory than a handful.
#[test]
#[allow(clippy::disallowed_methods, reason = "virtual time needs some origin")]
fn pieces_that_never_fit_take_bounded_memory() {
    let certificate = Certificate::generate().unwrap();
    for of_one_message in [true, false] {
        let now = Instant::now();
        let mut server = Dtls::new(&certificate, DtlsRole::Server, Fingerprint([7; 32]), now);
        let (before, mut most) = (LIVE.get(), 0);
        for n in 0..20_000u16 {
            let (message, offset) = if of_one_message { (0, 1100 * u32::from(n)) } else { (n, 0) };
            let _ = server.handle_datagram(&piece(n, message, offset), now);
            let mut buffer = [0; DATAGRAM_MAX];
            while !matches!(server.poll(&mut buffer), DtlsOutput::Timeout(_)) {}
            most = most.max(LIVE.get() - before);
        }
        assert!(most < 150_000, "{most} bytes");
        println!("{most} bytes");
    }
}
