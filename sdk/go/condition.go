package lanner

import (
	"lanner/internal/condition"
	"lanner/internal/ranges"
	"lanner/internal/schema"
	"lanner/internal/texts"
)

// test is a condition, ready to be compared with events.
type test struct {
	op   condition.Op
	of   []*test
	ref  schema.Ref
	size int
	// One of these, by what the field holds.
	texts  *texts.Matcher
	ranges ranges.Set
	bits   uint64
	yes    [2]bool
}

// prepare makes a condition ready that was checked.
func prepare(c *condition.Condition, kind *schema.Kind) *test {
	t := &test{op: c.Op, bits: c.Bits}
	if c.Op <= condition.Not {
		rest := c.Of
		if c.Op == condition.Any {
			t.of, rest = prepareTexts(c.Of, kind)
		}
		for _, of := range rest {
			t.of = append(t.of, prepare(of, kind))
		}
		return t
	}
	t.field(c.Field, kind)
	switch c.Op {
	case condition.StartsWith, condition.EndsWith, condition.Contains:
		t.textual([]*condition.Condition{c})
	case condition.Equals:
		switch c.Values[0].Is {
		case condition.TextValue:
			t.textual([]*condition.Condition{c})
		case condition.BoolValue:
			for _, value := range c.Values {
				t.yes[index(value.Bool)] = true
			}
		default:
			t.ranges = ranges.New(equalRanges(c.Values))
		}
	case condition.Between:
		var all []ranges.Range
		for _, between := range c.Ranges {
			all = append(all, ranges.Range{First: shifted(between[0]), Last: shifted(between[1])})
		}
		t.ranges = ranges.New(all)
	case condition.Within:
		var all []ranges.Range
		for _, net := range c.Nets {
			first, last := net.Range()
			all = append(all, ranges.Range{First: ranges.OfBytes(first), Last: ranges.OfBytes(last)})
		}
		t.ranges = ranges.New(all)
	}
	return t
}

func (t *test) field(name string, kind *schema.Kind) {
	// It was found when the condition was checked.
	t.ref, _ = schema.Resolve(kind, name)
	t.size = t.ref.Field.Type.Size()
}

func index(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func equalRanges(values []condition.Value) []ranges.Range {
	var all []ranges.Range
	for _, value := range values {
		number := shifted(value.Number)
		if value.Is == condition.AddressValue {
			number = ranges.OfBytes([16]byte([]byte(value.Text)))
		}
		all = append(all, ranges.Range{First: number, Last: number})
	}
	return all
}

// shifted is a number in the order of numbers that are never negative.
func shifted(number condition.Number) ranges.Number {
	return ranges.Number{High: uint64(number.High) ^ 1<<63, Low: number.Low}
}

func isTextual(c *condition.Condition) bool {
	switch c.Op {
	case condition.StartsWith, condition.EndsWith, condition.Contains:
		return true
	case condition.Equals:
		return c.Values[0].Is == condition.TextValue
	}
	return false
}

// prepareTexts joins the tests of the same text of which one has to hold: it is read once, and compared with all texts at once.
func prepareTexts(all []*condition.Condition, kind *schema.Kind) (joined []*test, rest []*condition.Condition) {
	same := map[string][]*condition.Condition{}
	var fields []string
	for _, c := range all {
		switch {
		case !isTextual(c):
			rest = append(rest, c)
		case same[c.Field] == nil:
			fields = append(fields, c.Field)
			fallthrough
		default:
			same[c.Field] = append(same[c.Field], c)
		}
	}
	for _, field := range fields {
		t := &test{op: condition.Equals}
		t.field(field, kind)
		t.textual(same[field])
		joined = append(joined, t)
	}
	return joined, rest
}

func (t *test) textual(all []*condition.Condition) {
	var builder texts.Builder
	for _, c := range all {
		for _, value := range c.Values {
			switch c.Op {
			case condition.Equals:
				builder.Equals(value.Text, 0)
			case condition.StartsWith:
				builder.Prefix(value.Text, 0)
			case condition.EndsWith:
				builder.Suffix(value.Text, 0)
			case condition.Contains:
				builder.Part(value.Text, 0)
			}
		}
	}
	t.texts = builder.Build()
}

// holds says whether an event passes.
func (t *test) holds(e Event, payload record) bool {
	switch t.op {
	case condition.All:
		for _, of := range t.of {
			if !of.holds(e, payload) {
				return false
			}
		}
		return true
	case condition.Any:
		for _, of := range t.of {
			if of.holds(e, payload) {
				return true
			}
		}
		return false
	case condition.Not:
		return !t.of[0].holds(e, payload)
	}
	field := t.ref.Field
	r := t.record(e, payload)
	if !r.has(field.At+t.size, field.Byte, field.Mask) {
		return false
	}
	if t.texts != nil {
		text := r.text(field.At, field.Byte, field.Mask, e.frame)
		if !text.known {
			return false
		}
		_, found := t.texts.Find(text.bytes)
		return found
	}
	if field.Type == schema.Text {
		// It is known where it lies within the arena.
		return r.text(field.At, field.Byte, field.Mask, e.frame).known
	}
	switch t.op {
	case condition.Known:
		return true
	case condition.Within:
		return t.ranges.Contains(ranges.OfBytes([16]byte(r[field.At:])))
	}
	if field.Type == schema.Bytes16 {
		return t.ranges.Contains(ranges.OfBytes([16]byte(r[field.At:])))
	}
	number := numberOf(r, field)
	switch t.op {
	case condition.AnyBits:
		return number.Low&t.bits != 0
	case condition.AllBits:
		return number.Low&t.bits == t.bits
	case condition.NoBits:
		return number.Low&t.bits == 0
	}
	if field.Reads == schema.ReadsBool {
		return t.yes[index(number.Low != 0)]
	}
	return t.ranges.Contains(shifted(number))
}

// record is the one that the field is of.
func (t *test) record(e Event, payload record) record {
	switch t.ref.Scope {
	case schema.OfEvent:
		return e.record
	case schema.OfProcess:
		return e.Process().record
	case schema.OfParent:
		return e.Process().Parent().record
	case schema.OfContainer:
		return e.Process().Container().record
	case schema.OfNamed:
		named := t.ref.Named
		return e.frame.row(schema.Process, payload, named.At, named.Byte, named.Mask)
	}
	return payload
}

func numberOf(r record, field *schema.Field) condition.Number {
	switch field.Type {
	case schema.U8:
		return condition.Unsigned(uint64(r.always8(field.At)))
	case schema.U16:
		return condition.Unsigned(uint64(r.always16(field.At)))
	case schema.U32:
		return condition.Unsigned(uint64(r.always32(field.At)))
	case schema.I32:
		return condition.Signed(int64(int32(r.always32(field.At))))
	case schema.I64:
		return condition.Signed(int64(r.always64(field.At)))
	}
	return condition.Unsigned(r.always64(field.At))
}
