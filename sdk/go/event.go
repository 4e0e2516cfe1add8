package lanner

import (
	"net/netip"
	"strconv"
	"time"

	"lanner/internal/schema"
)

// Kind is the number of a kind of event. A newer host may know kinds that this SDK does not.
type Kind uint16

// String is the kind's name.
func (k Kind) String() string {
	if kind := schema.KindNumbered(uint16(k)); kind != nil {
		return kind.Name
	}
	return "kind " + strconv.Itoa(int(k))
}

// eventView is a view of the events of one kind.
type eventView[E any] interface {
	kindOf() Kind
	from(Event) (E, bool)
}

// As is the event as one of a kind: As[OpenEvent](e). It is false where the event is of another kind.
func As[E eventView[E]](e Event) (E, bool) {
	var none E
	return none.from(e)
}

// payloadOf is the payload of an event of that kind.
func (e Event) payloadOf(kind Kind, index int) (record, bool) {
	if e.Kind() != kind {
		return nil, false
	}
	payload := e.frame.at(index, e.PayloadRow())
	return payload, payload != nil
}

// At is when it happened.
func (e Event) At() time.Time { return time.Unix(0, int64(e.Time())).UTC() }

// Subject is the process that a finding about this event is about: for an exec the image that begins.
func (e Event) Subject() Process {
	if exec, ok := As[ExecEvent](e); ok {
		return exec.Image()
	}
	return e.Process()
}

func (e Event) has(flag uint16) bool { return e.record.always16(26)&flag != 0 }

// Failed says whether the call failed; Result says how.
func (e Event) Failed() bool { return e.has(EventFailed) }

// IsTruncated says whether a text of it is longer than what was recorded.
func (e Event) IsTruncated() bool { return e.has(EventTruncated) }

// IsPartial says whether something about it could not be read.
func (e Event) IsPartial() bool { return e.has(EventPartial) }

// IsUnresolved says whether the path or address is what the caller passed, not what the kernel resolved: it could have changed
// meanwhile.
func (e Event) IsUnresolved() bool { return e.has(EventUnresolved) }

// IsSubmitted says whether it was handed to io_uring, and what came of it is not known: its result says nothing.
func (e Event) IsSubmitted() bool { return e.has(EventSubmitted) }

// The flags of open(2), the same numbers on all machines that Lanner runs on.
const (
	oWronly  = 0o1
	oRdwr    = 0o2
	oAccmode = 0o3
	oCreat   = 0o100
	oTrunc   = 0o1000
	oAppend  = 0o2000
	// Gives a handle to a path, by which nothing can be read or written.
	oPath = 0o10000000
)

func (e OpenEvent) isHandle() bool { return e.Flags()&oPath != 0 }

// IsRead says whether it may read, or would have, where it failed.
func (e OpenEvent) IsRead() bool { return !e.isHandle() && e.Flags()&oAccmode != oWronly }

// IsWrite says whether it may write, or would have, where it failed.
func (e OpenEvent) IsWrite() bool {
	access := e.Flags() & oAccmode
	return !e.isHandle() && (access == oWronly || access == oRdwr)
}

// Truncates says whether what was in the file is gone (O_TRUNC).
func (e OpenEvent) Truncates() bool { return !e.isHandle() && e.Flags()&oTrunc != 0 }

// MayCreate says whether it may create the file (O_CREAT). Whether it did says Created.
func (e OpenEvent) MayCreate() bool { return !e.isHandle() && e.Flags()&oCreat != 0 }

// Appends says whether it writes at the end only (O_APPEND).
func (e OpenEvent) Appends() bool { return e.IsWrite() && e.Flags()&oAppend != 0 }

// Paths are the paths that are known of the file: Path, and HostPath where that is another.
func (e OpenEvent) Paths() []Text {
	var paths []Text
	for _, path := range [...]Text{e.Path(), e.HostPath()} {
		if path.Known() {
			paths = append(paths, path)
		}
	}
	return paths
}

// StdinIsSocket says whether standard input is an internet socket.
func (e ExecEvent) StdinIsSocket() bool { return e.Stdio()&StdioStdinSocket != 0 }

// StdoutIsSocket says whether standard output is an internet socket.
func (e ExecEvent) StdoutIsSocket() bool { return e.Stdio()&StdioStdoutSocket != 0 }

// StdinPeer is the peer behind standard input, where that is an internet socket that is connected.
func (e ExecEvent) StdinPeer() (netip.AddrPort, bool) {
	address, known := e.PeerAddress()
	port, portKnown := e.PeerPort()
	return netip.AddrPortFrom(address, port), known && portKnown
}

const (
	afUnix      = 1
	afInet      = 2
	afInet6     = 10
	protocolTCP = 6
	protocolUDP = 17
	eInProgress = 115
)

// IsInternet says whether the peer has an internet address (IPv4 or IPv6).
func (e ConnectEvent) IsInternet() bool { return e.Family() == afInet || e.Family() == afInet6 }

// IsUnix says whether the peer is a unix socket.
func (e ConnectEvent) IsUnix() bool { return e.Family() == afUnix }

// IsPublic says whether the peer's address is one of the internet at large: see [IsPublic].
func (e ConnectEvent) IsPublic() bool {
	address, known := e.Address()
	return known && IsPublic(address)
}

// IsTCP says whether it is TCP.
func (e ConnectEvent) IsTCP() bool {
	protocol, known := e.Protocol()
	return known && protocol == protocolTCP
}

// IsUDP says whether it is UDP.
func (e ConnectEvent) IsUDP() bool {
	protocol, known := e.Protocol()
	return known && protocol == protocolUDP
}

// IsInProgress says whether it is under way: the result of a non-blocking connect is not known yet.
func (e ConnectEvent) IsInProgress() bool {
	result, known := e.Result()
	return known && result == -eInProgress
}
