package match

import (
	"net/netip"

	"lanner/filter"
	"lanner/internal/condition"
	"lanner/internal/ranges"
)

// Networks are networks, IPv4 and IPv6. Whether an address is in one of them is a binary search. IPv4 addresses are a part of the IPv6
// ones, ::ffff:0:0/96, as they are in events: ::/0 has all of both.
type Networks struct {
	written []string
	ranges  ranges.Set
}

// ParseNetworks reads networks such as 10.0.0.0/8 and fd00::/8. An address alone is a network too: 192.0.2.7/32.
func ParseNetworks(networks ...string) (*Networks, error) {
	set := &Networks{written: networks}
	var all []ranges.Range
	for _, written := range networks {
		net, err := condition.ParseNet(written)
		if err != nil {
			return nil, err
		}
		first, last := net.Range()
		all = append(all, ranges.Range{First: ranges.OfBytes(first), Last: ranges.OfBytes(last)})
	}
	set.ranges = ranges.New(all)
	return set, nil
}

// MustNetworks reads what is known to be sound, such as what stands in the source. It panics where it is not.
func MustNetworks(networks ...string) *Networks {
	set, err := ParseNetworks(networks...)
	if err != nil {
		panic(err)
	}
	return set
}

// Contains says whether one of them has the address.
func (n *Networks) Contains(address netip.Addr) bool {
	return n != nil && address.IsValid() && n.ranges.Contains(ranges.OfBytes(address.As16()))
}

// Filter is the networks as a filter on a field.
func (n *Networks) Filter(field filter.AddressField) filter.Filter {
	if len(n.written) == 0 {
		return filter.Any()
	}
	return field.Within(n.written...)
}
