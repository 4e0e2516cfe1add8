package lanner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/netip"

	"lanner/internal/schema"
)

const (
	magic      = "LNRF"
	headerSize = 16
	entrySize  = 16
	// The section of the bytes that texts point into.
	arenaSection = 0
	// The section that says which of the pack's subscriptions each event passed.
	passedSection = math.MaxUint16
)

// A Frame is a batch of events, as bytes that were checked. Whatever the bytes are, what reads it gives a value and never panics.
type Frame struct {
	sections [len(schema.Records)]section
	arena    []byte
	passed   section
}

// section has count records of stride bytes.
type section struct {
	bytes  []byte
	stride int
	count  int
}

// record is the bytes of one record; none where there is no such record.
type record []byte

// ParseFrame takes bytes as a frame. It refuses what is not one, another version, and sections that do not lie within it.
func ParseFrame(bytes []byte) (*Frame, error) {
	frame := new(Frame)
	if err := frame.parse(bytes); err != nil {
		return nil, err
	}
	return frame, nil
}

func (f *Frame) parse(bytes []byte) error {
	*f = Frame{}
	if len(bytes) < headerSize || string(bytes[:4]) != magic {
		return errors.New("these bytes are not a frame")
	}
	header := bytes[:headerSize]
	if version := binary.LittleEndian.Uint16(header[4:]); version != schema.Version {
		return fmt.Errorf("the frame's layout has version %d; this reader knows version %d", version, schema.Version)
	}
	length := uint64(binary.LittleEndian.Uint32(header[8:]))
	if length > uint64(len(bytes)) {
		return fmt.Errorf("the frame has %d bytes of the %d that it names", len(bytes), length)
	}
	bytes = bytes[:length]
	table := uint64(binary.LittleEndian.Uint16(header[6:]))
	end := table + uint64(binary.LittleEndian.Uint32(header[12:]))*entrySize
	if table < headerSize || end > length {
		return errors.New("the frame's section table does not lie within it")
	}
	seen := false
	for entries := bytes[table:end]; len(entries) > 0; entries = entries[entrySize:] {
		number := binary.LittleEndian.Uint16(entries)
		found, ok := sectionWithin(bytes, entries)
		if !ok {
			return fmt.Errorf("the frame's section %d does not lie within it", number)
		}
		twice := false
		switch number {
		case arenaSection:
			twice, seen = seen, true
			f.arena = found.bytes
		case passedSection:
			twice = f.passed.count > 0
			f.passed = found
		default:
			if index := schema.IndexOf(number); index >= 0 {
				twice = f.sections[index].count > 0
				f.sections[index] = found
			}
		}
		if twice {
			return fmt.Errorf("the frame's section %d is there twice", number)
		}
	}
	return nil
}

// sectionWithin is the section that an entry of the table describes, where it lies within the frame.
func sectionWithin(frame, entry []byte) (section, bool) {
	stride := uint64(binary.LittleEndian.Uint16(entry[2:]))
	count := uint64(binary.LittleEndian.Uint32(entry[4:]))
	if count == 0 {
		return section{}, true
	}
	start := uint64(binary.LittleEndian.Uint32(entry[8:]))
	end := start + stride*count
	if stride == 0 || end > uint64(len(frame)) {
		return section{}, false
	}
	return section{frame[start:end], int(stride), int(count)}, true
}

func (s *section) row(row uint32) record {
	if uint64(row) >= uint64(s.count) {
		return nil
	}
	start := int(row) * s.stride
	return s.bytes[start : start+s.stride : start+s.stride]
}

func (f *Frame) count(index int) int { return f.sections[index].count }

// at is the record of a row of a section.
func (f *Frame) at(index int, row uint32) record { return f.sections[index].row(row) }

// row is the record that a row in another record leads to.
func (f *Frame) row(index int, r record, at, byteAt int, mask byte) record {
	row, ok := r.u32(at, byteAt, mask)
	if !ok {
		return nil
	}
	return f.sections[index].row(row)
}

// Events are all events, in the order they happened.
func (f *Frame) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for row := range f.count(schema.Event) {
			if !yield(Event{f, f.at(schema.Event, uint32(row))}) {
				return
			}
		}
	}
}

// Processes are all processes: those that did something, and their ancestors.
func (f *Frame) Processes() iter.Seq[Process] {
	return func(yield func(Process) bool) {
		for row := range f.count(schema.Process) {
			if !yield(Process{f, f.at(schema.Process, uint32(row))}) {
				return
			}
		}
	}
}

// Passed says whether the event of that row passed a subscription of the pack that the frame is for; they are numbered from 0 through
// all rules of its description. Where the host does not say, known is false.
func (f *Frame) Passed(row, subscription int) (passed, known bool) {
	at := subscription / 64 * 8
	words := f.passed.row(uint32(row))
	if at+8 > len(words) {
		return false, false
	}
	return binary.LittleEndian.Uint64(words[at:])>>(subscription%64)&1 == 1, true
}

// has says whether a field is there that ends before end. The bit of a field stands before the field.
func (r record) has(end, byteAt int, mask byte) bool { return len(r) >= end && r[byteAt]&mask != 0 }

func (r record) u8(at, byteAt int, mask byte) (uint8, bool) {
	if !r.has(at+1, byteAt, mask) {
		return 0, false
	}
	return r[at], true
}

func (r record) boolean(at, byteAt int, mask byte) (value, known bool) {
	number, known := r.u8(at, byteAt, mask)
	return number != 0, known
}

func (r record) u16(at, byteAt int, mask byte) (uint16, bool) {
	if !r.has(at+2, byteAt, mask) {
		return 0, false
	}
	return binary.LittleEndian.Uint16(r[at:]), true
}

func (r record) kind(at, byteAt int, mask byte) (Kind, bool) {
	number, known := r.u16(at, byteAt, mask)
	return Kind(number), known
}

func (r record) u32(at, byteAt int, mask byte) (uint32, bool) {
	if !r.has(at+4, byteAt, mask) {
		return 0, false
	}
	return binary.LittleEndian.Uint32(r[at:]), true
}

// id is a user, a group or a row that every host gives. A frame that breaks the promise must not make anybody root, nor point at
// the first row.
func (r record) id(at, byteAt int, mask byte) uint32 {
	if number, ok := r.u32(at, byteAt, mask); ok {
		return number
	}
	return math.MaxUint32
}

func (r record) u64(at, byteAt int, mask byte) (uint64, bool) {
	if !r.has(at+8, byteAt, mask) {
		return 0, false
	}
	return binary.LittleEndian.Uint64(r[at:]), true
}

func (r record) i32(at, byteAt int, mask byte) (int32, bool) {
	number, ok := r.u32(at, byteAt, mask)
	return int32(number), ok
}

func (r record) i64(at, byteAt int, mask byte) (int64, bool) {
	number, ok := r.u64(at, byteAt, mask)
	return int64(number), ok
}

// What is promised is there, so that its bit need not be asked for.

func (r record) always8(at int) uint8 {
	if len(r) < at+1 {
		return 0
	}
	return r[at]
}

func (r record) always16(at int) uint16 {
	if len(r) < at+2 {
		return 0
	}
	return binary.LittleEndian.Uint16(r[at:])
}

func (r record) always32(at int) uint32 {
	if len(r) < at+4 {
		return 0
	}
	return binary.LittleEndian.Uint32(r[at:])
}

func (r record) always64(at int) uint64 {
	if len(r) < at+8 {
		return 0
	}
	return binary.LittleEndian.Uint64(r[at:])
}

func (r record) bytes16(at, byteAt int, mask byte) (bytes [16]byte, known bool) {
	if !r.has(at+16, byteAt, mask) {
		return bytes, false
	}
	return [16]byte(r[at:]), true
}

// addr is an address; IPv4 is written as an IPv4-mapped IPv6 address.
func (r record) addr(at, byteAt int, mask byte) (netip.Addr, bool) {
	bytes, known := r.bytes16(at, byteAt, mask)
	if !known {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16(bytes).Unmap(), true
}

// span is the two numbers of a text or a list.
func (r record) span(at, byteAt int, mask byte) (first, count uint64, known bool) {
	both, known := r.u64(at, byteAt, mask)
	return both & math.MaxUint32, both >> 32, known
}

func (r record) text(at, byteAt int, mask byte, frame *Frame) Text {
	start, length, known := r.span(at, byteAt, mask)
	if !known || start+length > uint64(len(frame.arena)) {
		return Text{}
	}
	return Text{frame.arena[start : start+length : start+length], true}
}

// A List is records of a frame, one after the other. It may be unknown, which is not the same as empty.
type List[T interface{ of(*Frame, record) T }] struct {
	frame *Frame
	rows  section
	known bool
}

func listOf[T interface{ of(*Frame, record) T }](frame *Frame, r record, at, byteAt int, mask byte, index int) List[T] {
	first, count, known := r.span(at, byteAt, mask)
	if !known {
		return List[T]{}
	}
	// Wherever it begins: a section without records may be left out.
	if count == 0 {
		return List[T]{known: true}
	}
	all := &frame.sections[index]
	if first+count > uint64(all.count) {
		return List[T]{}
	}
	rows := all.bytes[int(first)*all.stride : int(first+count)*all.stride]
	return List[T]{frame, section{rows, all.stride, int(count)}, true}
}

// Known says whether it is known.
func (l List[T]) Known() bool { return l.known }

// Len is how many there are; none where it is unknown.
func (l List[T]) Len() int { return l.rows.count }

// At is one of them; those that are not there have nothing that is known.
func (l List[T]) At(index int) T {
	var none T
	if index < 0 || index >= l.rows.count {
		return none
	}
	return none.of(l.frame, l.rows.row(uint32(index)))
}

// All are all of them.
func (l List[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for index := range l.rows.count {
			if !yield(l.At(index)) {
				return
			}
		}
	}
}
