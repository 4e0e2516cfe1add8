package lannertest

import (
	"fmt"
	"net/netip"
	"time"

	"lanner"
	"lanner/internal/schema"
)

const (
	oWronly = 0o1
	oRdwr   = 0o2
	oCreat  = 0o100
	oTrunc  = 0o1000
	oAppend = 0o2000

	afUnix     = 1
	afInet     = 2
	afInet6    = 10
	sockStream = 1
	sockDgram  = 2
	tcp        = 6
	udp        = 17
)

// An Event is an event, made up: by Open, Exec and so on, or of any kind and fields by [NewEvent] and Set.
type Event struct {
	kind  *schema.Kind
	after *time.Duration
	by    *TestProcess
	// Of the event itself, and of what its kind has.
	header, payload *made
	// Processes that the payload names, by field.
	named map[string]*TestProcess
}

// NewEvent is an event of this kind that succeeded: numbers that every host gives are 0 and texts are empty, and nothing else is known.
func NewEvent(kind lanner.Kind) *Event {
	table := schema.KindNumbered(uint16(kind))
	if table == nil {
		panic(fmt.Sprintf("%d is the number of no kind of event", kind))
	}
	e := &Event{kind: table, header: newMade(schema.Event), payload: newMade(table.Record), named: map[string]*TestProcess{}}
	for _, field := range schema.Records[table.Record].Fields {
		switch {
		case !field.Always, field.Reads == schema.ReadsRow, field.Type == schema.List:
		case field.Type == schema.Text:
			e.payload.set(field.Name, "")
		case field.Type != schema.Bytes16:
			e.payload.number(field.Name, 0)
		}
	}
	e.header.number("result", 0)
	return e
}

// Set gives a field of the kind a value: a number, a text or bytes, true or false, an address, a kind. It panics where the field does not
// take it.
func (e *Event) Set(field string, value any) *Event {
	if process, ok := value.(*TestProcess); ok {
		e.named[field] = process
		return e
	}
	e.payload.set(field, value)
	return e
}

// Without says that a field of the kind is not known.
func (e *Event) Without(field string) *Event {
	e.payload.forget(field)
	return e
}

// By says who did it; where nothing is said, somebody of whom nothing is known.
func (e *Event) By(process *TestProcess) *Event {
	e.by = process
	return e
}

// After says how long after the event before it this one happens; where nothing is said, a millisecond.
func (e *Event) After(time time.Duration) *Event {
	e.after = &time
	return e
}

// Result says what the call returned.
func (e *Event) Result(result int64) *Event {
	e.header.set("result", result)
	return e
}

// Failed says that the call failed with this errno.
func (e *Event) Failed(errno int64) *Event { return e.Result(-errno).Flags(lanner.EventFailed) }

// Flags says facts about the record (Event… bits), beside those that it has.
func (e *Event) Flags(flags uint16) *Event {
	e.header.number("flags", e.header.value("flags")|uint64(flags))
	return e
}

// Exec is an event: a process began a program. What it was before is a fork of its parent.
func Exec(image *TestProcess) *Event {
	return NewEvent(lanner.KindExec).Set("filename", image.record.texts["exe"]).Set("image", image).By(image.before())
}

// Fork is an event: a process was created, by its parent.
func Fork(child *TestProcess) *Event {
	e := NewEvent(lanner.KindFork).Set("child_pid", child.PID()).Set("child_ns_pid", child.PID()).Set("child", child)
	if child.parent != nil {
		e.By(child.parent)
	}
	return e
}

// Connect is an event: a TCP socket was connected to an address and port, such as 1.2.3.4:443 or [2001:db8::1]:443.
func Connect(peer string) *Event {
	address, err := netip.ParseAddrPort(peer)
	if err != nil {
		panic(fmt.Sprintf("%q is not an address and port", peer))
	}
	family := uint16(afInet6)
	if address.Addr().Is4() {
		family = afInet
	}
	return socket(family).Set("address", address.Addr()).Set("port", address.Port()).Set("protocol", uint16(tcp))
}

// ConnectUnix is an event: a unix socket was connected.
func ConnectUnix(path string) *Event { return socket(afUnix).Set("unix_path", path) }

func socket(family uint16) *Event {
	return NewEvent(lanner.KindConnect).Set("family", family).Set("socket_type", uint32(sockStream)).Set("fd", int32(3))
}

// UDP says that a connect is by UDP.
func (e *Event) UDP() *Event {
	return e.Set("protocol", uint16(udp)).Set("socket_type", uint32(sockDgram))
}

// openFlags sets flags of an open. For how it may be accessed, the flags are those.
func (e *Event) openFlags(flags uint64) *Event {
	if e.kind.Number != uint16(lanner.KindOpen) {
		panic("only an open is for reading or writing")
	}
	e.payload.number("flags", e.payload.value("flags")|flags)
	return e
}

// Read is an open for reading, as every open is where nothing is said.
func (e *Event) Read() *Event { return e.openFlags(0) }

// Write is an open for writing.
func (e *Event) Write() *Event { return e.openFlags(oWronly) }

// ReadWrite is an open for both.
func (e *Event) ReadWrite() *Event { return e.openFlags(oRdwr) }

// Append is an open for writing at the end.
func (e *Event) Append() *Event { return e.openFlags(oWronly | oAppend) }

// Truncate is an open for writing of what is empty then.
func (e *Event) Truncate() *Event { return e.openFlags(oWronly | oTrunc) }

// Create is an open for writing that makes the file.
func (e *Event) Create() *Event { return e.openFlags(oWronly|oCreat).Set("created", true) }
