// Package filter says which events a handler wants. The host compares: what does not pass never reaches the pack, and the cheapest event
// is that one.
//
//	lanner.On(p.secretRead, filter.Any(
//		filter.Open.Path.Equals("/etc/shadow", "/etc/gshadow"),
//		filter.Open.Path.HasPrefix("/root/.ssh/"),
//	))
//
// Each field of an event can be compared: of what it is ([Open], [Connect], …), of the process that did it ([Process]), of its parent
// ([Parent]) and container ([Container]), of a process that it names (Exec.Image), and what all events have ([Event]). A test of a field
// that is not known does not hold; its negation does. Whether a filter goes with the kind of its handler is checked when the pack
// is described, which its first test does.
package filter

import (
	"fmt"
	"net/netip"

	"lanner/internal/condition"
)

// A Filter is what an event must be like. The zero Filter holds for every event.
type Filter struct{ condition *condition.Condition }

// Condition is the filter as the rest of the SDK sees it.
func (f Filter) Condition() *condition.Condition {
	if f.condition == nil {
		return &condition.Condition{Op: condition.All}
	}
	return f.condition
}

func of(op condition.Op, filters []Filter) Filter {
	c := &condition.Condition{Op: op}
	for _, filter := range filters {
		c.Of = append(c.Of, filter.Condition())
	}
	return Filter{c}
}

// All holds where all of these do.
func All(filters ...Filter) Filter { return of(condition.All, filters) }

// Any holds where at least one of these does.
func Any(filters ...Filter) Filter { return of(condition.Any, filters) }

// Not holds where this does not.
func Not(filter Filter) Filter { return of(condition.Not, []Filter{filter}) }

// Failed holds where the call failed. What is under way did not.
func Failed() Filter { return Event.Flags.AnyBits(eventFailed) }

// Succeeded holds where the call did what it was to do, or that is under way.
func Succeeded() Filter { return All(Event.Result.Known(), Event.Flags.NoBits(eventFailed)) }

// The bit of event_flag that says that a call failed.
const eventFailed = 1 << 2

func known(field string) Filter {
	return Filter{&condition.Condition{Op: condition.Known, Field: field}}
}

// TextField is a field that holds a text. Texts are compared as bytes.
type TextField struct{ name string }

func (f TextField) test(op condition.Op, texts []string) Filter {
	c := &condition.Condition{Op: op, Field: f.name}
	for _, text := range texts {
		c.Values = append(c.Values, condition.Value{Is: condition.TextValue, Text: text})
	}
	return Filter{c}
}

// Known holds where the text is known.
func (f TextField) Known() Filter { return known(f.name) }

// Equals holds where it is one of these.
func (f TextField) Equals(texts ...string) Filter { return f.test(condition.Equals, texts) }

// HasPrefix holds where it begins with one of these.
func (f TextField) HasPrefix(prefixes ...string) Filter {
	return f.test(condition.StartsWith, prefixes)
}

// HasSuffix holds where it ends with one of these.
func (f TextField) HasSuffix(suffixes ...string) Filter { return f.test(condition.EndsWith, suffixes) }

// Contains holds where it has one of these in it.
func (f TextField) Contains(parts ...string) Filter { return f.test(condition.Contains, parts) }

// FileName holds where it is a path whose last part is one of these, or is one itself.
func (f TextField) FileName(names ...string) Filter {
	below := make([]string, len(names))
	for index, name := range names {
		below[index] = "/" + name
	}
	return Any(f.Equals(names...), f.HasSuffix(below...))
}

// FileField is a file by any path that is known of it: a test holds where it holds of one of them.
type FileField struct{ path, hostPath string }

func (f FileField) any(test func(TextField) Filter) Filter {
	return Any(test(TextField{f.path}), test(TextField{f.hostPath}))
}

// Equals holds where the file is called one of these.
func (f FileField) Equals(paths ...string) Filter {
	return f.any(func(field TextField) Filter { return field.Equals(paths...) })
}

// HasPrefix holds where it is called by what begins with one of these.
func (f FileField) HasPrefix(prefixes ...string) Filter {
	return f.any(func(field TextField) Filter { return field.HasPrefix(prefixes...) })
}

// HasSuffix holds where it is called by what ends with one of these.
func (f FileField) HasSuffix(suffixes ...string) Filter {
	return f.any(func(field TextField) Filter { return field.HasSuffix(suffixes...) })
}

// Contains holds where it is called by what has one of these in it.
func (f FileField) Contains(parts ...string) Filter {
	return f.any(func(field TextField) Filter { return field.Contains(parts...) })
}

// FileName holds where the last part of a path of it is one of these.
func (f FileField) FileName(names ...string) Filter {
	return f.any(func(field TextField) Filter { return field.FileName(names...) })
}

func numbers(field string, values []condition.Number) Filter {
	c := &condition.Condition{Op: condition.Equals, Field: field}
	for _, number := range values {
		c.Values = append(c.Values, condition.Value{Is: condition.NumberValue, Number: number})
	}
	return Filter{c}
}

func between(field string, from, to condition.Number) Filter {
	return Filter{&condition.Condition{Op: condition.Between, Field: field, Ranges: [][2]condition.Number{{from, to}}}}
}

func bits(op condition.Op, field string, bits uint64) Filter {
	return Filter{&condition.Condition{Op: op, Field: field, Bits: bits}}
}

// UintField is a field that holds a number that is never negative, or bits.
type UintField struct{ name string }

// Known holds where the number is known.
func (f UintField) Known() Filter { return known(f.name) }

// Equals holds where it is one of these.
func (f UintField) Equals(values ...uint64) Filter {
	all := make([]condition.Number, len(values))
	for index, value := range values {
		all[index] = condition.Unsigned(value)
	}
	return numbers(f.name, all)
}

// Between holds where it lies in this range, both ends included.
func (f UintField) Between(from, to uint64) Filter {
	return between(f.name, condition.Unsigned(from), condition.Unsigned(to))
}

// AnyBits holds where at least one of these bits is set.
func (f UintField) AnyBits(mask uint64) Filter { return bits(condition.AnyBits, f.name, mask) }

// AllBits holds where all of these bits are set.
func (f UintField) AllBits(mask uint64) Filter { return bits(condition.AllBits, f.name, mask) }

// NoBits holds where none of these bits is set.
func (f UintField) NoBits(mask uint64) Filter { return bits(condition.NoBits, f.name, mask) }

// IntField is a field that holds a number that may be negative.
type IntField struct{ name string }

// Known holds where the number is known.
func (f IntField) Known() Filter { return known(f.name) }

// Equals holds where it is one of these.
func (f IntField) Equals(values ...int64) Filter {
	all := make([]condition.Number, len(values))
	for index, value := range values {
		all[index] = condition.Signed(value)
	}
	return numbers(f.name, all)
}

// Between holds where it lies in this range, both ends included.
func (f IntField) Between(from, to int64) Filter {
	return between(f.name, condition.Signed(from), condition.Signed(to))
}

// BoolField is a field that holds yes or no.
type BoolField struct{ name string }

// Known holds where it is known which.
func (f BoolField) Known() Filter { return known(f.name) }

// Is holds where it is so, or is known not to be.
func (f BoolField) Is(yes bool) Filter {
	value := condition.Value{Is: condition.BoolValue, Bool: yes}
	return Filter{&condition.Condition{Op: condition.Equals, Field: f.name, Values: []condition.Value{value}}}
}

// AddressField is a field that holds an address.
type AddressField struct{ name string }

// Known holds where the address is known.
func (f AddressField) Known() Filter { return known(f.name) }

// Equals holds where it is one of these, such as 192.0.2.7 or 2001:db8::7.
func (f AddressField) Equals(addresses ...string) Filter {
	c := &condition.Condition{Op: condition.Equals, Field: f.name}
	for _, written := range addresses {
		address, err := netip.ParseAddr(written)
		if err != nil || address.Zone() != "" {
			c.Wrong = fmt.Sprintf("%q is no address: addresses are written like 192.0.2.7 or 2001:db8::7", written)
		}
		bytes := address.As16()
		c.Values = append(c.Values, condition.Value{Is: condition.AddressValue, Text: string(bytes[:])})
	}
	return Filter{c}
}

// Within holds where it lies in one of these networks, such as 10.0.0.0/8 or fd00::/8.
func (f AddressField) Within(networks ...string) Filter {
	c := &condition.Condition{Op: condition.Within, Field: f.name}
	for _, written := range networks {
		net, err := condition.ParseNet(written)
		if err != nil {
			c.Wrong = err.Error()
		}
		c.Nets = append(c.Nets, net)
	}
	return Filter{c}
}
