package lanner

import (
	"encoding/binary"
	"net/netip"
)

// IsPublic says whether an address is one of the internet at large: not private, shared (carrier-grade NAT), loopback, link-local,
// multicast, for documentation or benchmarks, or reserved (the special-purpose registries of IANA).
func IsPublic(address netip.Addr) bool {
	if address.Is4() {
		return isPublic4(address.As4())
	}
	return address.Is6() && isPublic6(address.As16())
}

func isPublic4(b [4]byte) bool {
	switch b[0] {
	case 0, 10, 127:
		// "This network", private, loopback.
		return false
	case 100:
		// Shared address space (RFC 6598).
		return b[1]&0xc0 != 64
	case 169:
		// Link-local.
		return b[1] != 254
	case 172:
		return b[1]&0xf0 != 16
	case 192:
		// IETF protocol assignments, documentation; private.
		return b[1] != 168 && !(b[1] == 0 && (b[2] == 0 || b[2] == 2))
	case 198:
		// Benchmarks; documentation.
		return b[1]&0xfe != 18 && !(b[1] == 51 && b[2] == 100)
	case 203:
		// Documentation.
		return !(b[1] == 0 && b[2] == 113)
	}
	// Multicast, reserved, broadcast.
	return b[0] < 224
}

func isPublic6(b [16]byte) bool {
	upper, next := binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	first, second := uint16(upper>>48), uint16(upper>>32)
	switch {
	case upper == 0 && next>>32 == 0xffff:
		return isPublic4([4]byte(b[12:]))
	case upper == 0x64_ff9b_0000_0000 && next>>32 == 0:
		// NAT64: the IPv4 address that it stands for.
		return isPublic4([4]byte(b[12:]))
	case first == 0x2002:
		// 6to4, likewise.
		return isPublic4([4]byte(b[2:]))
	case first == 0x2001 && (second >= 1 && second <= 0x1ff || second == 0xdb8), first == 0x3fff && second <= 0xfff:
		// IETF protocol assignments but Teredo; documentation.
		return false
	}
	// All else of the internet lies in 2000::/3.
	return first&0xe000 == 0x2000
}
