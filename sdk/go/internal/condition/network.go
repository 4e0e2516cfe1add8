package condition

import (
	"fmt"
	"net/netip"
)

// ParseNet reads a network such as 10.0.0.0/8 or fd00::/8.
func ParseNet(written string) (Net, error) {
	prefix, err := netip.ParsePrefix(written)
	if err != nil {
		return Net{}, fmt.Errorf("%q is no network: networks are written like 10.0.0.0/8 or fd00::/8", written)
	}
	bits := prefix.Bits()
	if prefix.Addr().Is4() {
		bits += 96
	}
	return Net{prefix.Addr().As16(), bits}, nil
}

// Range is the first and the last address of the network.
func (n Net) Range() (first, last [16]byte) {
	first, last = n.Address, n.Address
	for index := range first {
		// The bits of this byte that do not count.
		rest := byte(0xff)
		if counting := n.Bits - 8*index; counting >= 8 {
			rest = 0
		} else if counting > 0 {
			rest >>= counting
		}
		first[index] &^= rest
		last[index] |= rest
	}
	return first, last
}
