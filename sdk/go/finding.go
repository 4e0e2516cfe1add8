package lanner

import (
	"fmt"
	"net/netip"
	"slices"

	"lanner/cbor"
)

// A Finding is what a rule raises.
type Finding struct {
	// Message says what happened, in one line for a person.
	Message string
	// Facts are more about it, as what they are: who stores findings can search and add up by them, where a text can only be read.
	Facts []Fact
	// Key says what it is about, such as a path: findings of the rule with the same key are about the same thing, and may be shown as
	// one.
	Key string
	// Severity is in place of the rule's, where this one is worse or less bad.
	Severity Severity
	// Events are the sequence numbers of earlier events that are behind it. The event at hand always is.
	Events []uint64
	// Process is the image id of the process that it is about. Where nothing is said, that is the process of the newest event, or where
	// that begins an image (exec), the image.
	Process uint64
}

// A Fact is a name and a value.
type Fact struct {
	name  string
	value []byte
}

// A FactValue is what a fact can hold. A [Text] is told as a path, a [Process] by its image id.
type FactValue interface {
	string | bool | int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64 | float32 | float64 | Text | netip.Addr | Process
}

// F is a fact: F("port", 443).
func F[T FactValue](name string, value T) Fact { return Fact{name, appendFact(nil, value)} }

// FList is a fact of several values of one type.
func FList[T FactValue](name string, values []T) Fact {
	out := appendNamed(nil, "list", len(values))
	for _, value := range values {
		out = appendFact(out, value)
	}
	return Fact{name, out}
}

func appendNamed(out []byte, name string, values int) []byte {
	return cbor.AppendText(cbor.AppendArray(out, values+1), name)
}

func appendFact(out []byte, value any) []byte {
	switch value := value.(type) {
	case string:
		return cbor.AppendText(out, value)
	case bool:
		return cbor.AppendBool(out, value)
	case int:
		return cbor.AppendInt(out, int64(value))
	case int8:
		return cbor.AppendInt(out, int64(value))
	case int16:
		return cbor.AppendInt(out, int64(value))
	case int32:
		return cbor.AppendInt(out, int64(value))
	case int64:
		return cbor.AppendInt(out, value)
	case uint:
		return cbor.AppendUint(out, uint64(value))
	case uint8:
		return cbor.AppendUint(out, uint64(value))
	case uint16:
		return cbor.AppendUint(out, uint64(value))
	case uint32:
		return cbor.AppendUint(out, uint64(value))
	case uint64:
		return cbor.AppendUint(out, value)
	case float32:
		return cbor.AppendFloat(out, float64(value))
	case float64:
		return cbor.AppendFloat(out, value)
	case Text:
		return cbor.AppendBytes(appendNamed(out, "path", 1), value.bytes)
	case netip.Addr:
		return cbor.AppendBytes(appendNamed(out, "address", 1), value.Unmap().AsSlice())
	case Process:
		return cbor.AppendUint(appendNamed(out, "process", 1), value.Image())
	}
	// FactValue has no others.
	panic(fmt.Sprintf("a fact of the type %T", value))
}

// Out is where a handler raises findings. It knows the rule and the event at hand.
type Out struct {
	emit func(finding []byte)
	rule int
	// The sequence number of the event at hand; there is none in a tick.
	event    uint64
	hasEvent bool
}

// Emit raises a finding.
func (o *Out) Emit(finding Finding) {
	events := finding.Events
	if o.hasEvent {
		events = append(slices.Clone(events), o.event)
	}
	slices.Sort(events)
	events = slices.Compact(events)
	entries := 2
	for _, there := range [...]bool{finding.Severity != 0, len(events) > 0, finding.Process != 0, finding.Key != "", len(finding.Facts) > 0} {
		if there {
			entries++
		}
	}
	out := cbor.AppendMap(make([]byte, 0, 256), entries)
	out = cbor.AppendUint(cbor.AppendText(out, "rule"), uint64(o.rule))
	out = appendEntry(out, "message", finding.Message)
	if finding.Severity != 0 {
		out = appendEntry(out, "severity", finding.Severity.String())
	}
	if len(events) > 0 {
		out = cbor.AppendArray(cbor.AppendText(out, "events"), len(events))
		for _, event := range events {
			out = cbor.AppendUint(out, event)
		}
	}
	if finding.Process != 0 {
		out = cbor.AppendUint(cbor.AppendText(out, "process"), finding.Process)
	}
	if finding.Key != "" {
		out = appendEntry(out, "key", finding.Key)
	}
	if len(finding.Facts) > 0 {
		out = cbor.AppendArray(cbor.AppendText(out, "fields"), len(finding.Facts))
		for _, fact := range finding.Facts {
			out = append(cbor.AppendText(cbor.AppendArray(out, 2), fact.name), fact.value...)
		}
	}
	o.emit(out)
}
