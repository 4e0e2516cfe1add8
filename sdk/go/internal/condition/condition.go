// Package condition has filters as they travel, and the check that they make sense.
package condition

import (
	"fmt"
	"math"
	"unicode/utf8"

	"lanner/cbor"
	"lanner/internal/schema"
)

// MaxDepth is how deep conditions may lie in one another, below the outermost one.
const MaxDepth = 16

// Op is what a condition tests.
type Op uint8

// The tests.
const (
	All Op = iota
	Any
	Not
	Known
	Equals
	StartsWith
	EndsWith
	Contains
	Between
	AnyBits
	AllBits
	NoBits
	Within
)

var names = [...]string{
	"all", "any", "not", "known", "equals", "starts-with", "ends-with", "contains", "between", "any-bits", "all-bits", "no-bits", "within",
}

func (op Op) String() string { return names[op] }

// OpNamed finds a test by its name.
func OpNamed(name string) (Op, bool) {
	for op, known := range names {
		if known == name {
			return Op(op), true
		}
	}
	return 0, false
}

// A Condition is what an event must be like.
type Condition struct {
	Op Op
	// Of are what all, any and not are of.
	Of []*Condition
	// Field is what the others look at.
	Field  string
	Values []Value
	Ranges [][2]Number
	Bits   uint64
	Nets   []Net
	// Wrong is what is wrong with how it was written: the end of a sentence about the rule.
	Wrong string
}

// A Value is what a field may equal.
type Value struct {
	Is     ValueKind
	Text   string
	Number Number
	Bool   bool
}

// ValueKind is what a value is.
type ValueKind uint8

// The kinds of values.
const (
	TextValue ValueKind = iota
	AddressValue
	NumberValue
	BoolValue
)

// A Number is a whole number, in two's complement: as large as CBOR's are, and larger than any field's.
type Number struct {
	High int64
	Low  uint64
}

// Unsigned is that number.
func Unsigned(number uint64) Number { return Number{0, number} }

// Signed is that number.
func Signed(number int64) Number { return Number{number >> 63, uint64(number)} }

// Less says whether it is less than another one.
func (n Number) Less(than Number) bool {
	return n.High < than.High || n.High == than.High && n.Low < than.Low
}

// Net is an address, IPv4 as an IPv4-mapped IPv6 address, and how many of its 128 bits count.
type Net struct {
	Address [16]byte
	Bits    int
}

// Append writes it as it travels.
func (c *Condition) Append(out []byte) []byte {
	count := 1
	switch c.Op {
	case All, Any, Not:
		out = cbor.AppendText(cbor.AppendArray(out, count+len(c.Of)), c.Op.String())
		for _, of := range c.Of {
			out = of.Append(out)
		}
		return out
	case AnyBits, AllBits, NoBits:
		count++
	}
	count += 1 + len(c.Values) + len(c.Ranges) + len(c.Nets)
	out = cbor.AppendText(cbor.AppendText(cbor.AppendArray(out, count), c.Op.String()), c.Field)
	for _, value := range c.Values {
		switch value.Is {
		case TextValue:
			out = appendText(out, value.Text)
		case AddressValue:
			out = cbor.AppendBytes(out, []byte(value.Text))
		case NumberValue:
			out = value.Number.append(out)
		case BoolValue:
			out = cbor.AppendBool(out, value.Bool)
		}
	}
	for _, between := range c.Ranges {
		out = between[1].append(between[0].append(cbor.AppendArray(out, 2)))
	}
	for _, net := range c.Nets {
		out = cbor.AppendUint(cbor.AppendBytes(cbor.AppendArray(out, 2), net.Address[:]), uint64(net.Bits))
	}
	if c.Op == AnyBits || c.Op == AllBits || c.Op == NoBits {
		out = cbor.AppendUint(out, c.Bits)
	}
	return out
}

// appendText writes it as a text where it is one, which is easier to read.
func appendText(out []byte, text string) []byte {
	if utf8.ValidString(text) {
		return cbor.AppendText(out, text)
	}
	return cbor.AppendBytes(out, []byte(text))
}

// append writes it; what CBOR does not have becomes the nearest that it has.
func (n Number) append(out []byte) []byte {
	switch {
	case n.High > 0:
		return cbor.AppendUint(out, math.MaxUint64)
	case n.High == 0:
		return cbor.AppendUint(out, n.Low)
	case n.High == -1:
		return cbor.AppendNegative(out, ^n.Low)
	}
	return cbor.AppendNegative(out, math.MaxUint64)
}

// Check says what is wrong with it for events of a kind: the end of a sentence about the rule.
func (c *Condition) Check(kind *schema.Kind) error { return c.check(kind, 0) }

func (c *Condition) check(kind *schema.Kind, depth int) error {
	switch {
	case c.Wrong != "":
		return fmt.Errorf("%s", c.Wrong)
	case depth > MaxDepth:
		return fmt.Errorf("a filter lies deeper than %d in others", MaxDepth)
	case c.Op <= Not:
		if c.Op == Not && len(c.Of) != 1 {
			return fmt.Errorf("one filter is turned around by not, and here are %d", len(c.Of))
		}
		for _, of := range c.Of {
			if err := of.check(kind, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	ref, err := schema.Resolve(kind, c.Field)
	if err != nil {
		return err
	}
	return c.checkTest(ref.Field)
}

// checkTest says whether the test goes with the field.
func (c *Condition) checkTest(field *schema.Field) error {
	text, address, yesNo := field.Type == schema.Text, field.Type == schema.Bytes16, field.Reads == schema.ReadsBool
	number := !text && !address && !yesNo
	what := "a number"
	switch {
	case text:
		what = "a text"
	case address:
		what = "an address"
	case yesNo:
		what = "yes or no"
	}
	fits, count := true, 1
	switch c.Op {
	case Equals:
		count = len(c.Values)
		for _, value := range c.Values {
			switch value.Is {
			case TextValue:
				fits = fits && text
			case AddressValue:
				fits = fits && address && len(value.Text) == 16
			case NumberValue:
				fits = fits && number
			case BoolValue:
				fits = fits && yesNo
			}
		}
	case StartsWith, EndsWith, Contains:
		fits, count = text, len(c.Values)
	case Between:
		fits, count = number, len(c.Ranges)
		for _, between := range c.Ranges {
			if between[1].Less(between[0]) {
				return fmt.Errorf("the field %q is tested for a range that ends before it begins", c.Field)
			}
		}
	case AnyBits, AllBits, NoBits:
		fits = number
	case Within:
		fits, count = address, len(c.Nets)
		for _, net := range c.Nets {
			if net.Bits > 128 {
				return fmt.Errorf("an address has 128 bits, and more of %q are to count", c.Field)
			}
		}
	}
	switch {
	case !fits:
		return fmt.Errorf("the field %q is %s, and cannot be tested by %q as it is", c.Field, what, c.Op)
	case count == 0:
		return fmt.Errorf("the field %q is tested by %q with no value at all", c.Field, c.Op)
	}
	return nil
}
