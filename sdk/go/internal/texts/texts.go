// Package texts finds which of many texts another one equals, begins with, ends with or contains, each in a time that depends on the
// one and hardly on how many they are.
package texts

import (
	"bytes"
	"slices"
)

// A Matcher compares with texts by their numbers: the numbers are given by whoever adds them.
type Matcher struct {
	equals   map[string]int
	prefixes []numbered
	// Reversed.
	suffixes []numbered
	parts    *automaton
}

type numbered struct {
	text   []byte
	number int
}

// A Builder collects the texts of a matcher.
type Builder struct {
	equals, prefixes, suffixes, parts []numbered
}

// Equals adds a text that others equal.
func (b *Builder) Equals(text string, number int) {
	b.equals = append(b.equals, numbered{[]byte(text), number})
}

// Prefix adds a text that others begin with.
func (b *Builder) Prefix(text string, number int) {
	b.prefixes = append(b.prefixes, numbered{[]byte(text), number})
}

// Suffix adds a text that others end with.
func (b *Builder) Suffix(text string, number int) {
	reversed := []byte(text)
	slices.Reverse(reversed)
	b.suffixes = append(b.suffixes, numbered{reversed, number})
}

// Part adds a text that others contain.
func (b *Builder) Part(text string, number int) {
	b.parts = append(b.parts, numbered{[]byte(text), number})
}

// Build makes the matcher.
func (b *Builder) Build() *Matcher {
	m := &Matcher{equals: make(map[string]int, len(b.equals)), prefixes: shortest(b.prefixes), suffixes: shortest(b.suffixes)}
	for _, text := range b.equals {
		if _, there := m.equals[string(text.text)]; !there {
			m.equals[string(text.text)] = text.number
		}
	}
	if len(b.parts) > 0 {
		m.parts = newAutomaton(b.parts)
	}
	return m
}

// shortest sorts, and leaves out what begins with another one: who begins with it begins with that one too. So no more than one can be
// found, and it is the last that does not come after the text.
func shortest(all []numbered) []numbered {
	slices.SortStableFunc(all, func(a, b numbered) int { return bytes.Compare(a.text, b.text) })
	kept := all[:0]
	for _, text := range all {
		if len(kept) == 0 || !bytes.HasPrefix(text.text, kept[len(kept)-1].text) {
			kept = append(kept, text)
		}
	}
	return kept
}

// Find gives the number of a text that this one equals, begins with, ends with or contains; cheap comparisons first.
func (m *Matcher) Find(text []byte) (number int, found bool) {
	if len(m.equals) > 0 {
		if number, found = m.equals[string(text)]; found {
			return number, true
		}
	}
	if len(m.prefixes) > 0 {
		if number, found = m.prefix(text); found {
			return number, true
		}
	}
	if len(m.suffixes) > 0 {
		if number, found = m.suffix(text); found {
			return number, true
		}
	}
	if m.parts != nil {
		return m.parts.find(text)
	}
	return 0, false
}

func (m *Matcher) prefix(text []byte) (int, bool) {
	low, high := 0, len(m.prefixes)
	for low < high {
		middle := (low + high) / 2
		if bytes.Compare(m.prefixes[middle].text, text) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 || !bytes.HasPrefix(text, m.prefixes[low-1].text) {
		return 0, false
	}
	return m.prefixes[low-1].number, true
}

func (m *Matcher) suffix(text []byte) (int, bool) {
	low, high := 0, len(m.suffixes)
	for low < high {
		middle := (low + high) / 2
		if compareReversed(m.suffixes[middle].text, text) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return 0, false
	}
	suffix := m.suffixes[low-1]
	if len(suffix.text) > len(text) || compareReversed(suffix.text, text[len(text)-len(suffix.text):]) != 0 {
		return 0, false
	}
	return suffix.number, true
}

// compareReversed compares a reversed text with another one as if it were reversed too.
func compareReversed(reversed, text []byte) int {
	for index := range min(len(reversed), len(text)) {
		if a, b := reversed[index], text[len(text)-1-index]; a != b {
			if a < b {
				return -1
			}
			return 1
		}
	}
	return len(reversed) - len(text)
}
