package lanner

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"testing"

	"lanner/cbor"
	"lanner/internal/condition"
	"lanner/internal/schema"
	"lanner/internal/vectors"
)

func textOf(field vectors.Field) Text {
	if !field.Known {
		return Text{}
	}
	return TextOf(field.Text)
}

// same compares with a field of a row.
func same(t *testing.T, row []vectors.Field, column int, got any) {
	t.Helper()
	want := row[column].String()
	if !row[column].Known {
		want = "unknown"
	}
	switch value := got.(type) {
	case bool:
		got = "no"
		if value {
			got = "yes"
		}
	case Text:
		got = "unknown"
		if value.Known() {
			got = value.Raw()
		}
	}
	if printed := fmt.Sprint(got); printed != want {
		t.Errorf("of %.80q, column %d: %.80q, not %.80q", row[0], column, printed, want)
	}
}

func TestTexts(t *testing.T) {
	for _, row := range vectors.Rows(t, 30, "conformance/escape.tsv") {
		text := textOf(row[0])
		same(t, row, 1, text.String())
		same(t, row, 2, text.Quoted())
		same(t, row, 3, text.Lossy())
	}
	for _, row := range vectors.Rows(t, 40, "conformance/text.tsv") {
		text, other := textOf(row[0]), row[1].String()
		same(t, row, 2, text.Equals(other))
		same(t, row, 2, text.OneOf("no such text", other))
		same(t, row, 3, text.HasPrefix(other))
		same(t, row, 4, text.HasSuffix(other))
		same(t, row, 5, text.Contains(other))
		same(t, row, 6, text.IsUnder(other))
	}
	for _, row := range vectors.Rows(t, 15, "conformance/path.tsv") {
		same(t, row, 1, textOf(row[0]).FileName())
		same(t, row, 2, textOf(row[0]).Directory())
	}
}

func TestAddresses(t *testing.T) {
	for _, row := range vectors.Rows(t, 100, "conformance/address.tsv") {
		// As it comes out of a record.
		r := append(record{1}, row[0].Hex(t)...)
		address, known := r.addr(1, 0, 1)
		same(t, row, 1, address)
		same(t, row, 2, known && IsPublic(address))
	}
	if IsPublic(netip.Addr{}) {
		t.Error("no address is a public one")
	}
}

func TestOpens(t *testing.T) {
	for _, row := range vectors.Rows(t, 40, "conformance/open.tsv") {
		flags, _ := strconv.ParseUint(row[0].String(), 10, 32)
		payload := newRecord(schema.Open)
		payload.set("flags", flags)
		open := OpenEvent{payload: payload.bytes}
		for column, got := range []bool{open.IsRead(), open.IsWrite(), open.Truncates(), open.MayCreate(), open.Appends()} {
			same(t, row, column+1, got)
		}
	}
}

// made is a record, being made.
type made struct {
	table *schema.Record
	bytes record
	arena []byte
}

func newRecord(index int) *made {
	table := &schema.Records[index]
	return &made{table: table, bytes: make(record, table.Size)}
}

// set gives a field a number or a text.
func (m *made) set(name string, value any) {
	field := m.table.Field(name)
	m.bytes[field.Byte] |= field.Mask
	number, _ := value.(uint64)
	if text, ok := value.([]byte); ok {
		number = uint64(len(m.arena)) | uint64(len(text))<<32
		m.arena = append(m.arena, text...)
	}
	for index := range field.Type.Size() {
		m.bytes[field.At+index] = byte(number >> (8 * index))
	}
}

func (m *made) process() Process { return Process{&Frame{arena: m.arena}, m.bytes} }

// process is one with these texts, where they are known.
func process(texts map[string]vectors.Field) *made {
	m := newRecord(schema.Process)
	for name, field := range texts {
		if field.Known {
			m.set(name, field.Text)
		}
	}
	return m
}

func TestProcesses(t *testing.T) {
	for _, row := range vectors.Rows(t, 10, "conformance/args.tsv") {
		p := process(map[string]vectors.Field{"argv": row[0]}).process()
		same(t, row, 1, p.CommandLine())
		column := 2
		for arg := range p.Args() {
			same(t, row, column, arg)
			column++
		}
		if column != len(row) {
			t.Errorf("%.80q has %d arguments, not %d", row[0], column-2, len(row)-2)
		}
	}
	for _, row := range vectors.Rows(t, 15, "conformance/env.tsv") {
		p := process(map[string]vectors.Field{"environment": row[0]}).process()
		same(t, row, 2, p.Env(row[1].String()))
		column := 3
		for value := range p.Envs(row[1].String()) {
			same(t, row, column, value)
			column++
		}
		if column != len(row) {
			t.Errorf("%q has %d entries called %q", row[0], column-3, row[1])
		}
	}
	for _, row := range vectors.Rows(t, 10, "conformance/process.tsv") {
		m := process(map[string]vectors.Field{"exe": row[0], "comm": row[1], "user": row[2]})
		for column, name := range map[int]string{3: "pid", 4: "uid"} {
			number, _ := strconv.ParseUint(row[column].String(), 10, 32)
			m.set(name, number)
		}
		same(t, row, 5, m.process().Name())
		same(t, row, 6, m.process().String())
	}
	for _, row := range vectors.Rows(t, 100, "conformance/genuine.tsv") {
		m := newRecord(schema.Process)
		for column, name := range []string{"flags", "exe_uid", "user_ns"} {
			if row[column].Known {
				number, _ := strconv.ParseUint(row[column].String(), 10, 32)
				m.set(name, number)
			}
		}
		same(t, row, 3, m.process().ExeIsGenuine())
	}
	if got := (Process{}).String(); got != "an unknown process" {
		t.Error(got)
	}
}

func TestAncestors(t *testing.T) {
	frame, err := ParseFrame(vectors.File(t, "conformance/ancestors.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range vectors.Rows(t, 10, "conformance/ancestors.tsv") {
		number, _ := strconv.ParseUint(row[0].String(), 10, 32)
		count, first, last := 0, "unknown", "unknown"
		for ancestor := range (Process{frame, frame.at(schema.Process, uint32(number))}).Ancestors() {
			if last = strconv.Itoa(int(ancestor.PID())); count == 0 {
				first = last
			}
			count++
		}
		same(t, row, 1, count)
		same(t, row, 2, first)
		same(t, row, 3, last)
	}
}

func TestPassed(t *testing.T) {
	frame, err := ParseFrame(vectors.File(t, "conformance/passed.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range vectors.Rows(t, 30, "conformance/passed.tsv") {
		event, _ := strconv.Atoi(row[0].String())
		subscription, _ := strconv.Atoi(row[1].String())
		passed, known := frame.Passed(event, subscription)
		if known != row[2].Known || passed != row[2].Yes() {
			t.Errorf("%s, %s: %v, %v", row[0], row[1], passed, known)
		}
	}
}

// conditionOf reads a filter as it travels.
func conditionOf(kind *schema.Kind, d *cbor.Decoder) (*condition.Condition, error) {
	items, err := d.Array()
	if err != nil || !items.Next() {
		return nil, fmt.Errorf("a filter is an array with something in it: %w", err)
	}
	name, err := d.Text()
	if err != nil {
		return nil, err
	}
	c := new(condition.Condition)
	var known bool
	if c.Op, known = condition.OpNamed(name); !known {
		return nil, fmt.Errorf("there is no test %q", name)
	}
	for c.Op <= condition.Not && items.Next() {
		of, err := conditionOf(kind, d)
		if err != nil {
			return nil, err
		}
		c.Of = append(c.Of, of)
	}
	if c.Op <= condition.Not {
		return c, nil
	}
	if !items.Next() {
		return nil, fmt.Errorf("%s is of no field", name)
	}
	if c.Field, err = d.Text(); err != nil {
		return nil, err
	}
	for items.Next() {
		if err := operand(kind, c, d); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func operand(kind *schema.Kind, c *condition.Condition, d *cbor.Decoder) (err error) {
	switch c.Op {
	case condition.AnyBits, condition.AllBits, condition.NoBits:
		c.Bits, err = d.Uint()
	case condition.Between:
		var between [2]condition.Number
		pair, err := d.Array()
		for index := 0; err == nil && pair.Next(); index++ {
			between[index], err = number(d)
		}
		c.Ranges = append(c.Ranges, between)
		return err
	case condition.Within:
		var net condition.Net
		pair, err := d.Array()
		if err != nil || !pair.Next() {
			return err
		}
		address, err := d.Bytes()
		copy(net.Address[:], address)
		if err == nil && pair.Next() {
			var bits uint64
			bits, err = d.Uint()
			net.Bits = int(bits)
		}
		c.Nets = append(c.Nets, net)
		pair.Next()
		return err
	default:
		value := condition.Value{}
		is, _ := d.Peek()
		switch is {
		case cbor.Text, cbor.Bytes:
			if ref, err := schema.Resolve(kind, c.Field); err == nil && ref.Field.Type == schema.Bytes16 && is == cbor.Bytes {
				value.Is = condition.AddressValue
			}
			if is == cbor.Text {
				value.Text, err = d.Text()
			} else {
				var text []byte
				text, err = d.Bytes()
				value.Text = string(text)
			}
		case cbor.Bool:
			value.Is = condition.BoolValue
			value.Bool, err = d.Bool()
		default:
			value.Is = condition.NumberValue
			value.Number, err = number(d)
		}
		c.Values = append(c.Values, value)
	}
	return err
}

func number(d *cbor.Decoder) (condition.Number, error) {
	if is, _ := d.Peek(); is == cbor.Negative {
		number, err := d.Negative()
		return condition.Number{High: -1, Low: ^number}, err
	}
	number, err := d.Uint()
	return condition.Unsigned(number), err
}

func TestFilters(t *testing.T) {
	frame, err := ParseFrame(vectors.File(t, "conformance/filter.bin"))
	if err != nil {
		t.Fatal(err)
	}
	events := map[string]Event{}
	for event := range frame.Events() {
		events[strconv.FormatUint(event.Seq(), 10)] = event
	}
	for _, row := range vectors.Rows(t, 300, "conformance/filter.tsv") {
		event := events[row[0].String()]
		kind := schema.KindNumbered(uint16(event.Kind()))
		c, err := conditionOf(kind, cbor.NewDecoder(row[2].Hex(t)))
		if err == nil {
			err = c.Check(kind)
		}
		if err != nil {
			t.Errorf("%.80s: %v", row[1], err)
			continue
		}
		payload := frame.at(kind.Record, event.PayloadRow())
		if passes := prepare(c, kind).holds(event, payload); passes != row[3].Yes() {
			t.Errorf("event %s, %.200s: %v", row[0], row[1], passes)
		}
		negated := &condition.Condition{Op: condition.Not, Of: []*condition.Condition{c}}
		if passes := prepare(negated, kind).holds(event, payload); passes == row[3].Yes() {
			t.Errorf("event %s, not %.200s: %v", row[0], row[1], passes)
		}
		checkTravels(t, row, c)
	}
}

// checkTravels checks that it is written as it came, where that was as short as can be.
func checkTravels(t *testing.T, row []vectors.Field, c *condition.Condition) {
	t.Helper()
	var written any
	if !row[1].Known || json.Unmarshal(row[1].Text, &written) != nil {
		return
	}
	got, want := string(c.Append(nil)), string(row[2].Hex(t))
	// Bytes that are UTF-8 are written as a text.
	if got != want && fmt.Sprint(written) != `[equals open.path map[hex:2f6574632f736861646f77]]` {
		t.Errorf("%.200s travels as %x", row[1], got)
	}
}

func TestFiltersThatAreWrong(t *testing.T) {
	for _, row := range vectors.Rows(t, 35, "conformance/filter-wrong.tsv") {
		kind := schema.KindNamed(row[0].String())
		if kind == nil {
			continue
		}
		c, err := conditionOf(kind, cbor.NewDecoder(row[2].Hex(t)))
		if err == nil {
			err = c.Check(kind)
		}
		if err == nil {
			t.Errorf("%s: %s is taken", row[0], row[1])
		}
	}
}
