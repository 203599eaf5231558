//! The UDP socket in batches: `recvmmsg`, `sendmmsg`, `ppoll` and an eventfd. The one module with `unsafe` code.
//!
//! Each `unsafe` block hands the kernel pointers into buffers that this module owns and that outlive the call.
//!
//! A socket that is bound to all of the machine's addresses learns from a control message which one a datagram was sent to,
//! and names it as the source of the answer: a client drops what comes from another address than it wrote to. On `[::]` IPv4
//! comes and goes as mapped IPv6 addresses; here they are made plain and mapped again, so that nobody else sees one.
#![allow(unsafe_code, reason = "std has no recvmmsg, sendmmsg, ppoll or eventfd; each block states why it is sound")]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::transport::Pair;

/// Datagrams that one call takes in or sends.
pub const BATCH: usize = 64;
/// The largest datagram that is taken whole: an Ethernet frame and some room. A longer one is cut and then refused.
pub const RECEIVE_MAX: usize = 2048;
/// What is asked of the kernel for each direction; it grants less where `net.core.*mem_max` is lower.
const BUFFER_BYTES: libc::c_int = 8 << 20;

/// Room for one control message: our own address, in the larger of its two forms.
// SAFETY: the macro only computes.
const CONTROL_BYTES: usize = unsafe { libc::CMSG_SPACE(size_of::<libc::in6_pktinfo>() as u32) } as usize;

/// A control message's buffer, aligned as its header is.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL_BYTES]);

/// A bound, non-blocking UDP socket with room for one batch.
pub struct Udp {
    socket: UdpSocket,
    /// Where it is bound.
    bound: SocketAddr,
    buffers: Box<[[u8; RECEIVE_MAX]]>,
    received: Vec<(Pair, usize)>,
}

impl Udp {
    /// Binds `address`; `[::]` takes IPv4 too, whatever the machine's default is. Errors: those of socket(2) and bind(2).
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = open(address)?;
        let bound = socket.local_addr()?;
        for option in [libc::SO_RCVBUF, libc::SO_SNDBUF] {
            // A smaller grant is no error; `doctor` tells.
            let _ = set_option(&socket, libc::SOL_SOCKET, option, BUFFER_BYTES);
        }
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => set_option(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?,
            IpAddr::V6(ip) if ip.is_unspecified() => {
                set_option(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
            }
            _ => {}
        }
        Ok(Self {
            socket,
            bound,
            buffers: vec![[0; RECEIVE_MAX]; BATCH].into_boxed_slice(),
            received: Vec::with_capacity(BATCH),
        })
    }

    /// Where it is bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.bound
    }

    /// Receives a batch without waiting and calls `each` for every datagram. Returns whether there may be more.
    pub fn receive(&mut self, mut each: impl FnMut(Pair, &mut [u8])) -> io::Result<bool> {
        self.receive_batch()?;
        for ((pair, length), buffer) in self.received.iter().zip(self.buffers.iter_mut()) {
            if let Some(datagram) = buffer.get_mut(..*length) {
                each(*pair, datagram);
            }
        }
        Ok(self.received.len() == BATCH)
    }

    fn receive_batch(&mut self) -> io::Result<()> {
        self.received.clear();
        // SAFETY: all-zero bytes are valid for these plain C structures.
        let (mut addresses, mut vectors, mut headers, mut controls): (
            [libc::sockaddr_storage; BATCH],
            [libc::iovec; BATCH],
            [libc::mmsghdr; BATCH],
            [Control; BATCH],
        ) = unsafe { (zeroed(), zeroed(), zeroed(), zeroed()) };
        let wildcard = self.bound.ip().is_unspecified();
        for ((((header, vector), address), control), buffer) in
            headers.iter_mut().zip(&mut vectors).zip(&mut addresses).zip(&mut controls).zip(self.buffers.iter_mut())
        {
            *vector = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: RECEIVE_MAX };
            header.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            if wildcard {
                header.msg_hdr.msg_control = std::ptr::from_mut(control).cast();
                header.msg_hdr.msg_controllen = CONTROL_BYTES as _;
            }
        }
        // SAFETY: the headers point to buffers, vectors, addresses and controls that live until the call returns.
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
            let remote = from.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
            let local = if wildcard { read_local(&header.msg_hdr) } else { Some(self.bound.ip().to_canonical()) };
            // Without one the kernel chooses the answer's source, as it does for a socket that never asked.
            self.received.push((Pair { local: local.unwrap_or(self.bound.ip()), remote }, length));
        }
        Ok(())
    }

    /// Sends datagrams in batches without waiting. Returns how many the kernel would not take.
    pub fn send<'a>(&self, mut datagrams: impl Iterator<Item = (Pair, &'a [u8])>) -> usize {
        let mut refused = 0;
        loop {
            // SAFETY: all-zero bytes are valid for these plain C structures.
            let (mut addresses, mut vectors, mut headers, mut controls): (
                [libc::sockaddr_storage; BATCH],
                [libc::iovec; BATCH],
                [libc::mmsghdr; BATCH],
                [Control; BATCH],
            ) = unsafe { (zeroed(), zeroed(), zeroed(), zeroed()) };
            let mut count = 0;
            for (((header, vector), address), control) in
                headers.iter_mut().zip(&mut vectors).zip(&mut addresses).zip(&mut controls)
            {
                let Some((pair, datagram)) = datagrams.next() else { break };
                *vector = libc::iovec { iov_base: datagram.as_ptr().cast_mut().cast(), iov_len: datagram.len() };
                header.msg_hdr.msg_namelen = write_address(address, self.in_its_family(pair.remote));
                header.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
                header.msg_hdr.msg_iov = vector;
                header.msg_hdr.msg_iovlen = 1;
                if self.bound.ip().is_unspecified() {
                    write_local(&mut header.msg_hdr, control, self.in_its_family((pair.local, 0).into()).ip());
                }
                count += 1;
            }
            if count == 0 {
                return refused;
            }
            refused += self.send_batch(headers.get_mut(..count).unwrap_or_default());
        }
    }

    /// An IPv6 socket writes to IPv4 peers by mapped addresses.
    fn in_its_family(&self, address: SocketAddr) -> SocketAddr {
        match (self.bound, address) {
            (SocketAddr::V6(_), SocketAddr::V4(v4)) => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
            _ => address,
        }
    }

    fn send_batch(&self, headers: &mut [libc::mmsghdr]) -> usize {
        let (mut rest, mut refused) = (headers, 0);
        while !rest.is_empty() {
            // SAFETY: the headers point to addresses, vectors, controls and datagrams that the caller keeps alive; the kernel only reads.
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

/// As `UdpSocket::bind`, which cannot set an option before it binds.
fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: the call takes no pointers; a valid descriptor that it returns is ours alone.
    let fd = unsafe { libc::socket(family, libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made and nothing else owns it.
    let socket = UdpSocket::from(unsafe { OwnedFd::from_raw_fd(fd) });
    if address.is_ipv6() && address.ip().is_unspecified() {
        set_option(&socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0)?;
    }
    // SAFETY: all-zero bytes are valid for this plain C structure.
    let mut storage: libc::sockaddr_storage = unsafe { zeroed() };
    let length = write_address(&mut storage, address);
    // SAFETY: the storage lives until the call returns, and `length` of its bytes are an address.
    if unsafe { libc::bind(fd, std::ptr::from_ref(&storage).cast(), length) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(socket)
}

fn set_option(socket: &UdpSocket, level: libc::c_int, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option's value is a c_int that lives until the call returns.
    let set = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, std::ptr::from_ref(&value).cast(), length) };
    if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The address of ours that a datagram was sent to, from the one control message that was asked for.
fn read_local(header: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: the kernel has set the buffer's length to what it wrote; the macro gives a whole header within it, or null.
    let (first, message) = unsafe {
        let first = libc::CMSG_FIRSTHDR(header);
        (first, first.as_ref()?)
    };
    match (message.cmsg_level, message.cmsg_type) {
        (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
            // SAFETY: level and type say that an in_pktinfo follows, and the buffer has room for the larger form.
            let info: libc::in_pktinfo = unsafe { libc::CMSG_DATA(first).cast::<libc::in_pktinfo>().read_unaligned() };
            Some(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr)).into())
        }
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
            // SAFETY: level and type say that an in6_pktinfo follows, for which the buffer is made.
            let info: libc::in6_pktinfo =
                unsafe { libc::CMSG_DATA(first).cast::<libc::in6_pktinfo>().read_unaligned() };
            Some(IpAddr::from(info.ipi6_addr.s6_addr).to_canonical())
        }
        _ => None,
    }
}

/// Names `local` as the source; an unspecified one leaves the choice to the kernel.
fn write_local(header: &mut libc::msghdr, control: &mut Control, local: IpAddr) {
    match local {
        ip if ip.to_canonical().is_unspecified() => {}
        IpAddr::V4(ip) => {
            // The interface is the routing table's to choose.
            let spec_dst = libc::in_addr { s_addr: u32::from(ip).to_be() };
            let info =
                libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: spec_dst, ipi_addr: libc::in_addr { s_addr: 0 } };
            write_control(header, control, libc::IPPROTO_IP, libc::IP_PKTINFO, info);
        }
        IpAddr::V6(ip) => {
            let info = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
            write_control(header, control, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
        }
    }
}

/// Makes `value` the header's one control message. `T` is one of the two forms that `Control` has room for.
fn write_control<T>(header: &mut libc::msghdr, control: &mut Control, level: libc::c_int, kind: libc::c_int, value: T) {
    const { assert!(size_of::<T>() <= size_of::<libc::in6_pktinfo>()) };
    let size = size_of::<T>() as u32;
    header.msg_control = std::ptr::from_mut(control).cast();
    // SAFETY: the buffer has room for a header and for `T`, as asserted, and is aligned as the header is.
    unsafe {
        header.msg_controllen = libc::CMSG_SPACE(size) as _;
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = level;
        (*message).cmsg_type = kind;
        (*message).cmsg_len = libc::CMSG_LEN(size) as _;
        libc::CMSG_DATA(message).cast::<T>().write_unaligned(value);
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
            let (ip, port) = (Ipv6Addr::from(address.sin6_addr.s6_addr), u16::from_be(address.sin6_port));
            Some(match ip.to_ipv4_mapped() {
                Some(ip) => SocketAddrV4::new(ip, port).into(),
                // The flow label is the sender's and tells nobody apart; the scope does, for link-local addresses.
                None => SocketAddrV6::new(ip, port, 0, address.sin6_scope_id).into(),
            })
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

    fn has_ipv6() -> bool {
        std::path::Path::new("/proc/net/if_inet6").exists()
    }

    /// What has come: between whom, and what.
    fn received(udp: &mut Udp) -> Vec<(Pair, Vec<u8>)> {
        let mut seen = Vec::new();
        while udp.receive(|pair, datagram| seen.push((pair, datagram.to_vec()))).unwrap() {}
        seen
    }

    #[test]
    fn a_batch_arrives_whole_and_in_order_over_both_families() {
        for loopback in ["127.0.0.1:0", "[::1]:0"].into_iter().take(1 + usize::from(has_ipv6())) {
            let sender = Udp::bind(loopback.parse().unwrap()).unwrap();
            let mut receiver = Udp::bind(loopback.parse().unwrap()).unwrap();
            let pair = Pair { local: sender.local_addr().ip(), remote: receiver.local_addr() };
            let back = Pair { local: receiver.local_addr().ip(), remote: sender.local_addr() };
            let sent: Vec<Vec<u8>> = (0..100u8).map(|n| vec![n; 1 + usize::from(n)]).collect();
            assert_eq!(sender.send(sent.iter().map(|datagram| (pair, datagram.as_slice()))), 0);
            let seen = received(&mut receiver);
            assert!(seen.iter().all(|(pair, _)| *pair == back), "{seen:?}");
            assert_eq!(seen.into_iter().map(|(_, datagram)| datagram).collect::<Vec<_>>(), sent);
        }
    }

    /// A client whose socket is connected, so that it takes nothing from another address, is answered from each that it hits.
    #[test]
    fn the_answer_comes_from_the_address_that_was_hit() {
        let (four, six) = (["127.0.0.1", "127.0.0.2", "127.9.9.9"].as_slice(), ["::1", "127.0.0.1", "127.0.0.2"]);
        let sockets = [("0.0.0.0:0", four), ("[::]:0", six.as_slice())];
        for (bound, hit) in sockets.into_iter().take(1 + usize::from(has_ipv6())) {
            let mut server = Udp::bind(bound.parse().unwrap()).unwrap();
            let port = server.local_addr().port();
            let clients: Vec<UdpSocket> = hit
                .iter()
                .map(|address| {
                    let own = if address.contains(':') { "[::1]:0" } else { "127.0.0.1:0" };
                    let client = UdpSocket::bind(own).unwrap();
                    client.connect((*address, port)).unwrap();
                    client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    client.send(address.as_bytes()).unwrap();
                    client
                })
                .collect();
            let seen = received(&mut server);
            assert_eq!(seen.len(), hit.len());
            for ((pair, datagram), address) in seen.iter().zip(hit) {
                assert_eq!((pair.local.to_string().as_str(), datagram.as_slice()), (*address, address.as_bytes()));
            }
            assert_eq!(server.send(seen.iter().map(|(pair, datagram)| (*pair, datagram.as_slice()))), 0);
            for (client, address) in clients.iter().zip(hit) {
                let mut answer = [0; 64];
                let length = client.recv(&mut answer).unwrap();
                assert_eq!(&answer[..length], address.as_bytes());
            }
        }
    }

    /// A peer of a dual-stack socket has one address, whichever way it is written, and an own choice of source needs no message.
    #[test]
    fn mapped_addresses_are_seen_by_nobody() {
        if !has_ipv6() {
            return;
        }
        let mut server = Udp::bind("[::]:0".parse().unwrap()).unwrap();
        let client = Udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let to =
            Pair { local: client.local_addr().ip(), remote: (Ipv4Addr::LOCALHOST, server.local_addr().port()).into() };
        assert_eq!(client.send(std::iter::once((to, &b"hello"[..]))), 0);
        let seen = received(&mut server);
        assert_eq!(seen[0].0, Pair { local: Ipv4Addr::LOCALHOST.into(), remote: client.local_addr() });
        let unspecified = Pair { local: Ipv6Addr::UNSPECIFIED.into(), ..seen[0].0 };
        assert_eq!(server.send(std::iter::once((unspecified, &b"back"[..]))), 0);
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
