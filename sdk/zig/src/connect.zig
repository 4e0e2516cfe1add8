//! What rules ask of a connect.

const ConnectEvent = @import("generated.zig").ConnectEvent;

const af_unix = 1;
const af_inet = 2;
const af_inet6 = 10;
const tcp = 6;
const udp = 17;

/// Whether the peer has an internet address (IPv4 or IPv6).
pub fn isInternet(self: ConnectEvent) bool {
    return self.family() == af_inet or self.family() == af_inet6;
}

/// Whether the peer is a unix socket.
pub fn isUnix(self: ConnectEvent) bool {
    return self.family() == af_unix;
}

/// Whether the peer's address is one of the internet at large.
pub fn isPublic(self: ConnectEvent) bool {
    return if (self.address()) |address| address.isPublic() else false;
}

/// Whether it is TCP.
pub fn isTcp(self: ConnectEvent) bool {
    return self.protocol() == tcp;
}

/// Whether it is UDP.
pub fn isUdp(self: ConnectEvent) bool {
    return self.protocol() == udp;
}

/// Whether it is under way: the result of a non-blocking connect is not known yet.
pub fn isInProgress(self: ConnectEvent) bool {
    return self.result() == -115; // EINPROGRESS.
}
