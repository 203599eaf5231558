//! The UDP socket in batches: `recvmmsg`, `sendmmsg`, `ppoll` and an eventfd. The one module with `unsafe` code.
//!
//! Each `unsafe` block hands the kernel pointers into buffers that this module owns and that outlive the call.
#![allow(unsafe_code, reason = "std has no recvmmsg, sendmmsg, ppoll or eventfd; each block states why it is sound")]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Datagrams that one call takes in or sends.
pub const BATCH: usize = 64;
/// The largest datagram that is taken whole: an Ethernet frame and some room. A longer one is cut and then refused.
pub const RECEIVE_MAX: usize = 2048;
/// What is asked of the kernel for each direction; it grants less where `net.core.*mem_max` is lower.
const BUFFER_BYTES: libc::c_int = 8 << 20;

/// A bound, non-blocking UDP socket with room for one batch.
pub struct Udp {
    socket: UdpSocket,
    buffers: Box<[[u8; RECEIVE_MAX]]>,
    received: Vec<(SocketAddr, usize)>,
}

impl Udp {
    /// Binds `address`. Errors: those of bind(2).
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        for option in [libc::SO_RCVBUF, libc::SO_SNDBUF] {
            set_buffer(&socket, option);
        }
        Ok(Self {
            socket,
            buffers: vec![[0; RECEIVE_MAX]; BATCH].into_boxed_slice(),
            received: Vec::with_capacity(BATCH),
        })
    }

    /// Where it is bound.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Receives a batch without waiting and calls `each` for every datagram. Returns whether there may be more.
    pub fn receive(&mut self, mut each: impl FnMut(SocketAddr, &mut [u8])) -> io::Result<bool> {
        self.receive_batch()?;
        for ((from, length), buffer) in self.received.iter().zip(self.buffers.iter_mut()) {
            if let Some(datagram) = buffer.get_mut(..*length) {
                each(*from, datagram);
            }
        }
        Ok(self.received.len() == BATCH)
    }

    fn receive_batch(&mut self) -> io::Result<()> {
        self.received.clear();
        // SAFETY: all-zero bytes are valid for these plain C structures.
        let (mut addresses, mut vectors, mut headers): (
            [libc::sockaddr_storage; BATCH],
            [libc::iovec; BATCH],
            [libc::mmsghdr; BATCH],
        ) = unsafe { (zeroed(), zeroed(), zeroed()) };
        for (((header, vector), address), buffer) in
            headers.iter_mut().zip(&mut vectors).zip(&mut addresses).zip(self.buffers.iter_mut())
        {
            *vector = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: RECEIVE_MAX };
            header.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: the headers point to buffers, vectors and addresses that live until the call returns.
        let count = unsafe {
            libc::recvmmsg(
                self.socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            // A refused port of some peer is reported on our socket; it is that peer's trouble.
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused => Ok(()),
                _ => Err(error),
            };
        }
        for (header, address) in headers.iter().zip(&addresses).take(count as usize) {
            // Without a readable address the datagram counts as empty, and its buffer keeps its place.
            let from = read_address(address);
            let length = if from.is_some() { header.msg_len as usize } else { 0 };
            self.received.push((from.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))), length));
        }
        Ok(())
    }

    /// Sends datagrams in batches without waiting. Returns how many the kernel would not take.
    pub fn send<'a>(&self, mut datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])>) -> usize {
        let mut refused = 0;
        loop {
            // SAFETY: all-zero bytes are valid for these plain C structures.
            let (mut addresses, mut vectors, mut headers): (
                [libc::sockaddr_storage; BATCH],
                [libc::iovec; BATCH],
                [libc::mmsghdr; BATCH],
            ) = unsafe { (zeroed(), zeroed(), zeroed()) };
            let mut count = 0;
            for ((header, vector), address) in headers.iter_mut().zip(&mut vectors).zip(&mut addresses) {
                let Some((to, datagram)) = datagrams.next() else { break };
                *vector = libc::iovec { iov_base: datagram.as_ptr().cast_mut().cast(), iov_len: datagram.len() };
                header.msg_hdr.msg_namelen = write_address(address, to);
                header.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
                header.msg_hdr.msg_iov = vector;
                header.msg_hdr.msg_iovlen = 1;
                count += 1;
            }
            if count == 0 {
                return refused;
            }
            refused += self.send_batch(headers.get_mut(..count).unwrap_or_default());
        }
    }

    fn send_batch(&self, headers: &mut [libc::mmsghdr]) -> usize {
        let (mut rest, mut refused) = (headers, 0);
        while !rest.is_empty() {
            // SAFETY: the headers point to addresses, vectors and datagrams that the caller keeps alive; the kernel only reads.
            let sent = unsafe {
                libc::sendmmsg(self.socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, libc::MSG_DONTWAIT)
            };
            let done = if sent > 0 {
                sent as usize
            } else if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock {
                return refused + rest.len(); // the socket's buffer is full: real-time media does not wait
            } else {
                refused += 1; // this destination cannot be reached; the others can
                1
            };
            rest = rest.get_mut(done..).unwrap_or_default();
        }
        refused
    }
}

impl AsRawFd for Udp {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

fn set_buffer(socket: &UdpSocket, option: libc::c_int) {
    // SAFETY: the option's value is a c_int that lives until the call returns. A smaller grant is no error; `doctor` tells.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            std::ptr::from_ref(&BUFFER_BYTES).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        );
    }
}

fn read_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in, which is smaller than the storage.
            let address: &libc::sockaddr_in = unsafe { &*std::ptr::from_ref(storage).cast() };
            let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
            Some(SocketAddrV4::new(ip, u16::from_be(address.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in6, which is smaller than the storage.
            let address: &libc::sockaddr_in6 = unsafe { &*std::ptr::from_ref(storage).cast() };
            let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
            Some(
                SocketAddrV6::new(ip, u16::from_be(address.sin6_port), address.sin6_flowinfo, address.sin6_scope_id)
                    .into(),
            )
        }
        _ => None,
    }
}

fn write_address(storage: &mut libc::sockaddr_storage, address: SocketAddr) -> libc::socklen_t {
    match address {
        SocketAddr::V4(v4) => {
            // SAFETY: sockaddr_in is smaller than sockaddr_storage and no more aligned; all bytes of the storage are initialised.
            let out: &mut libc::sockaddr_in = unsafe { &mut *std::ptr::from_mut(storage).cast() };
            out.sin_family = libc::AF_INET as libc::sa_family_t;
            out.sin_port = v4.port().to_be();
            out.sin_addr.s_addr = u32::from(*v4.ip()).to_be();
            size_of::<libc::sockaddr_in>() as libc::socklen_t
        }
        SocketAddr::V6(v6) => {
            // SAFETY: sockaddr_in6 is smaller than sockaddr_storage and no more aligned; all bytes of the storage are initialised.
            let out: &mut libc::sockaddr_in6 = unsafe { &mut *std::ptr::from_mut(storage).cast() };
            out.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            out.sin6_port = v6.port().to_be();
            out.sin6_flowinfo = v6.flowinfo();
            out.sin6_addr.s6_addr = v6.ip().octets();
            out.sin6_scope_id = v6.scope_id();
            size_of::<libc::sockaddr_in6>() as libc::socklen_t
        }
    }
}

/// An eventfd: wakes a thread or an event loop that waits for it.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A non-blocking one. Errors: those of eventfd(2).
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointers; a valid descriptor that it returns is ours alone.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and nothing else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Wakes who waits.
    pub fn notify(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight readable bytes. It fails only when the counter is full, and then the waiter is awake anyway.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Takes the wake-ups.
    pub fn clear(&self) {
        let mut count = [0u8; 8];
        // SAFETY: eight writable bytes. It fails only when there was no wake-up.
        unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Waits until one of the two is readable, or for `timeout`; `None` waits without end.
pub fn wait(first: &impl AsRawFd, second: &impl AsRawFd, timeout: Option<Duration>) {
    let mut entries =
        [first.as_raw_fd(), second.as_raw_fd()].map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    let timeout = timeout.map(|time| libc::timespec {
        tv_sec: time.as_secs().min(i32::MAX as u64) as libc::time_t,
        tv_nsec: i64::from(time.subsec_nanos()) as libc::c_long,
    });
    let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: entries and time-out live until the call returns. An interruption is a wake-up like any other.
    unsafe { libc::ppoll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, timeout, std::ptr::null()) };
}

/// CPU time of the calling thread so far.
pub fn thread_cpu_time() -> Duration {
    // SAFETY: all-zero bytes are valid for this plain C structure, and the call writes to it.
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
        time
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_arrives_whole_and_in_order_over_both_families() {
        let has_ipv6 = std::path::Path::new("/proc/net/if_inet6").exists();
        for loopback in ["127.0.0.1:0", "[::1]:0"].into_iter().take(1 + usize::from(has_ipv6)) {
            let sender = Udp::bind(loopback.parse().unwrap()).unwrap();
            let mut receiver = Udp::bind(loopback.parse().unwrap()).unwrap();
            let to = receiver.local_addr().unwrap();
            let sent: Vec<Vec<u8>> = (0..100u8).map(|n| vec![n; 1 + usize::from(n)]).collect();
            assert_eq!(sender.send(sent.iter().map(|datagram| (to, datagram.as_slice()))), 0);
            let mut seen = Vec::new();
            while receiver
                .receive(|from, datagram| {
                    assert_eq!(from, sender.local_addr().unwrap());
                    seen.push(datagram.to_vec());
                })
                .unwrap()
            {}
            assert_eq!(seen, sent);
        }
    }

    #[test]
    fn a_notified_eventfd_wakes_and_a_cleared_one_waits() {
        let (first, second) = (EventFd::new().unwrap(), EventFd::new().unwrap());
        second.notify();
        wait(&first, &second, None);
        second.clear();
        wait(&first, &second, Some(Duration::from_millis(1)));
    }
}
