package lannertest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"reflect"

	"lanner/internal/schema"
)

// made is a record, being made.
type made struct {
	index int
	bytes []byte
	texts map[string]string
}

func newMade(index int) *made {
	return &made{index, make([]byte, schema.Records[index].Size), map[string]string{}}
}

func (m *made) clone() *made {
	return &made{m.index, append([]byte{}, m.bytes...), maps.Clone(m.texts)}
}

func (m *made) field(name string) *schema.Field {
	table := &schema.Records[m.index]
	field := table.Field(name)
	if field == nil {
		panic(fmt.Sprintf("a record of the kind %s has no field %s", table.Name, name))
	}
	return field
}

func (m *made) number(name string, number uint64) {
	field := m.field(name)
	m.bytes[field.Byte] |= field.Mask
	for index := range field.Type.Size() {
		m.bytes[field.At+index] = byte(number >> (8 * index))
	}
}

func (m *made) value(name string) uint64 {
	field := m.field(name)
	number := uint64(0)
	for index := range field.Type.Size() {
		number |= uint64(m.bytes[field.At+index]) << (8 * index)
	}
	return number
}

func (m *made) forget(name string) {
	m.number(name, 0)
	field := m.field(name)
	m.bytes[field.Byte] &^= field.Mask
	delete(m.texts, name)
}

func (m *made) set(name string, value any) {
	field := m.field(name)
	wrong := func() { panic(fmt.Sprintf("the field %s does not take %v (%T)", name, value, value)) }
	switch field.Type {
	case schema.Text:
		switch text := value.(type) {
		case string:
			m.texts[name] = text
		case []byte:
			m.texts[name] = string(text)
		default:
			wrong()
		}
		m.number(name, 0)
		return
	case schema.Bytes16:
		address, ok := value.(netip.Addr)
		if text, isText := value.(string); isText {
			parsed, err := netip.ParseAddr(text)
			address, ok = parsed, err == nil
		}
		if !ok {
			wrong()
		}
		bytes := address.As16()
		copy(m.bytes[field.At:], bytes[:])
		m.bytes[field.Byte] |= field.Mask
		return
	case schema.List:
		wrong()
	}
	number := reflect.ValueOf(value)
	// Bits without that of the sign.
	size, signed := 8*field.Type.Size(), field.Type == schema.I32 || field.Type == schema.I64
	if signed {
		size--
	}
	switch {
	case number.Kind() == reflect.Bool && field.Reads == schema.ReadsBool:
		yes := uint64(0)
		if number.Bool() {
			yes = 1
		}
		m.number(name, yes)
	case number.CanUint() && number.Uint()>>size == 0:
		m.number(name, number.Uint())
	case number.CanInt() && (signed || number.Int() >= 0) && number.Int()>>min(size, 63) == number.Int()>>63:
		m.number(name, uint64(number.Int()))
	default:
		wrong()
	}
}

// happening is an event at its place.
type happening struct {
	event *Event
	seq   uint64
	time  uint64
}

// writer writes a frame.
type writer struct {
	sections   [len(schema.Records)][]byte
	arena      []byte
	processes  map[*TestProcess]uint32
	containers map[*TestContainer]uint32
}

// add adds a record; gives its row.
func (w *writer) add(m *made) uint32 {
	bytes := append([]byte{}, m.bytes...)
	for _, field := range schema.Records[m.index].Fields {
		text, known := m.texts[field.Name]
		if !known {
			continue
		}
		binary.LittleEndian.PutUint32(bytes[field.At:], uint32(len(w.arena)))
		binary.LittleEndian.PutUint32(bytes[field.At+4:], uint32(len(text)))
		w.arena = append(w.arena, text...)
	}
	row := len(w.sections[m.index]) / len(bytes)
	w.sections[m.index] = append(w.sections[m.index], bytes...)
	return uint32(row)
}

func (w *writer) process(p *TestProcess) uint32 {
	if row, ok := w.processes[p]; ok {
		return row
	}
	record := p.finished()
	if p.parent != nil {
		record.number("parent", uint64(w.process(p.parent)))
	}
	if p.container != nil {
		record.number("container", uint64(w.container(p.container)))
	}
	row := w.add(record)
	w.processes[p] = row
	return row
}

func (w *writer) container(c *TestContainer) uint32 {
	if row, ok := w.containers[c]; ok {
		return row
	}
	record := c.record.clone()
	for _, name := range [...]string{"labels", "pod_labels", "mounts"} {
		list := c.lists[name]
		if len(list) == 0 {
			continue
		}
		first := uint32(0)
		for index, item := range list {
			if row := w.add(item); index == 0 {
				first = row
			}
		}
		record.number(name, uint64(first)|uint64(len(list))<<32)
	}
	row := w.add(record)
	w.containers[c] = row
	return row
}

func (w *writer) event(h happening) {
	payload := h.event.payload.clone()
	for name, process := range h.event.named {
		payload.number(name, uint64(w.process(process)))
	}
	header := h.event.header.clone()
	header.number("seq", h.seq)
	header.number("time", h.time)
	header.number("kind", uint64(h.event.kind.Number))
	header.number("flags", header.value("flags"))
	header.number("payload", uint64(w.add(payload)))
	if h.event.kind.Process {
		by := h.event.by
		if by == nil {
			by = Process("")
		}
		header.number("process", uint64(w.process(by)))
	}
	w.add(header)
}

// frameOf is a frame of these events.
func frameOf(batch []happening) ([]byte, error) {
	w := &writer{processes: map[*TestProcess]uint32{}, containers: map[*TestContainer]uint32{}}
	for _, h := range batch {
		w.event(h)
	}
	const headerSize, entrySize = 16, 16
	entries := 1
	for _, bytes := range w.sections {
		if len(bytes) > 0 {
			entries++
		}
	}
	body := []byte{}
	table := []byte{}
	section := func(number uint16, stride int, bytes []byte) {
		table = binary.LittleEndian.AppendUint16(table, number)
		table = binary.LittleEndian.AppendUint16(table, uint16(stride))
		table = binary.LittleEndian.AppendUint32(table, uint32(len(bytes)/stride))
		table = binary.LittleEndian.AppendUint32(table, uint32(headerSize+entries*entrySize+len(body)))
		table = binary.LittleEndian.AppendUint32(table, 0)
		body = append(body, bytes...)
		for len(body)%8 != 0 {
			body = append(body, 0)
		}
	}
	for index, bytes := range w.sections {
		if len(bytes) > 0 {
			section(schema.Records[index].Section, schema.Records[index].Size, bytes)
		}
	}
	section(0, 1, w.arena)
	length := uint64(headerSize + len(table) + len(body))
	if length > 1<<30 {
		return nil, fmt.Errorf("the events of one test are too large for a frame")
	}
	frame := append([]byte("LNRF"), schema.Version, 0, headerSize, 0)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(length))
	frame = binary.LittleEndian.AppendUint32(frame, uint32(entries))
	return append(append(frame, table...), body...), nil
}
