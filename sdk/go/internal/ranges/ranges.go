// Package ranges finds whether a number lies in one of many ranges.
package ranges

import (
	"encoding/binary"
	"slices"
)

// A Number has 128 bits and is never negative.
type Number struct{ High, Low uint64 }

// OfBytes is the number that an address is.
func OfBytes(address [16]byte) Number {
	return Number{binary.BigEndian.Uint64(address[:]), binary.BigEndian.Uint64(address[8:])}
}

// Compare says which of two is less.
func (n Number) Compare(other Number) int {
	switch {
	case n.High < other.High || n.High == other.High && n.Low < other.Low:
		return -1
	case n == other:
		return 0
	}
	return 1
}

// A Range has both of its ends.
type Range struct{ First, Last Number }

// A Set is ranges that do not overlap, in order.
type Set []Range

// New makes a set of ranges in any order.
func New(all []Range) Set {
	slices.SortFunc(all, func(a, b Range) int { return a.First.Compare(b.First) })
	var set Set
	for _, next := range all {
		if last := len(set) - 1; last >= 0 && next.First.Compare(set[last].Last) <= 0 {
			if set[last].Last.Compare(next.Last) < 0 {
				set[last].Last = next.Last
			}
			continue
		}
		set = append(set, next)
	}
	return set
}

// Contains says whether the number lies in one of them.
func (s Set) Contains(number Number) bool {
	low, high := 0, len(s)
	for low < high {
		middle := (low + high) / 2
		if s[middle].First.Compare(number) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low > 0 && number.Compare(s[low-1].Last) <= 0
}
