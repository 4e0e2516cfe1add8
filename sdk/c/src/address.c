#include <lanner/event.h>

#include "networks.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool lanner_address_equals(lanner_address address, lanner_address other)
{
	return address.known && other.known && __builtin_memcmp(address.bytes, other.bytes, 16) == 0;
}

bool lanner_address_is_v4(lanner_address address)
{
	return address.known && __builtin_memcmp(address.bytes, mapped, sizeof mapped) == 0;
}

// === Whether an address is public ===

static bool is_public_v4(const uint8_t *a)
{
	return !(a[0] == 0 || a[0] == 10 || a[0] == 127 ||             // "This network", private, loopback.
		 (a[0] == 100 && (a[1] & 0xc0) == 64) ||               // Shared address space (RFC 6598).
		 (a[0] == 169 && a[1] == 254) ||                       // Link-local.
		 (a[0] == 172 && (a[1] & 0xf0) == 16) ||               // Private.
		 (a[0] == 192 && a[1] == 0 && (a[2] & 0xfd) == 0) ||   // IETF protocol assignments, documentation.
		 (a[0] == 192 && a[1] == 168) ||                       // Private.
		 (a[0] == 198 && (a[1] & 0xfe) == 18) ||               // Benchmarks.
		 (a[0] == 198 && a[1] == 51 && a[2] == 100) ||         // Documentation.
		 (a[0] == 203 && a[1] == 0 && a[2] == 113) ||          // Documentation.
		 a[0] >= 224);                                         // Multicast, reserved, broadcast.
}

static unsigned segment(const uint8_t *a, unsigned number)
{
	return (unsigned)a[2 * number] << 8 | a[2 * number + 1];
}

static bool is_public_v6(const uint8_t *a)
{
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	unsigned first = segment(a, 0), second = segment(a, 1);

	// The IPv4 address that it stands for.
	if (__builtin_memcmp(a, nat64, sizeof nat64) == 0)
		return is_public_v4(a + 12);
	// 6to4, likewise.
	if (first == 0x2002)
		return is_public_v4(a + 2);
	// IETF protocol assignments but Teredo, documentation.
	if (first == 0x2001 && ((second >= 1 && second <= 0x1ff) || second == 0xdb8))
		return false;
	if (first == 0x3fff && second <= 0xfff)
		return false;
	// All else of the internet lies in 2000::/3.
	return (first & 0xe000) == 0x2000;
}

bool lanner_address_is_public(lanner_address address)
{
	if (!address.known)
		return false;
	return lanner_address_is_v4(address) ? is_public_v4(address.bytes + 12) : is_public_v6(address.bytes);
}

// === Written ===

static char *write_number(char *at, unsigned number, unsigned radix)
{
	char digits[8];
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % radix];
		number /= radix;
	} while (number > 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

static char *write_v4(char *at, const uint8_t *a)
{
	for (int byte = 0; byte < 4; byte++) {
		if (byte > 0)
			*at++ = '.';
		at = write_number(at, a[byte], 10);
	}
	return at;
}

static char *write_v6(char *at, const uint8_t *a)
{
	// The longest line of zeros, and of two that are as long the first; one alone is written.
	unsigned gap = 8, gap_length = 1;

	for (unsigned from = 0; from < 8; from++) {
		unsigned length = 0;

		while (from + length < 8 && segment(a, from + length) == 0)
			length++;
		if (length > gap_length) {
			gap = from;
			gap_length = length;
		}
	}
	for (unsigned number = 0; number < 8; number++) {
		if (number == gap) {
			*at++ = ':';
			*at++ = ':';
			number += gap_length - 1;
			continue;
		}
		if (number > 0 && at[-1] != ':')
			*at++ = ':';
		at = write_number(at, segment(a, number), 16);
	}
	return at;
}

size_t lanner_address_write(lanner_address address, char written[LANNER_ADDRESS_SIZE])
{
	char *at = written;

	if (!address.known)
		*at++ = '?';
	else if (lanner_address_is_v4(address))
		at = write_v4(at, address.bytes + 12);
	else
		at = write_v6(at, address.bytes);
	*at = '\0';
	return (size_t)(at - written);
}

// === Read ===

/// A number of so many digits at the most, before `end`; -1 where there is none. Decimal numbers do not begin with a 0.
static int read_number(const char **at, const char *end, unsigned radix, int digits)
{
	const char *from = *at;
	int number = 0;

	for (; *at < end && *at - from < digits; (*at)++) {
		char c = **at;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
			       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
			       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
						      : 16;

		if (digit >= radix)
			break;
		number = number * (int)radix + (int)digit;
	}
	return *at == from || (radix == 10 && *at - from > 1 && *from == '0') ? -1 : number;
}

/// An IPv4 address that ends with the text.
static bool read_v4(const char *at, const char *end, uint8_t *a)
{
	for (int byte = 0; byte < 4; byte++) {
		int number;

		if (byte > 0 && (at == end || *at++ != '.'))
			return false;
		number = read_number(&at, end, 10, 3);
		if (number < 0 || number > 255)
			return false;
		a[byte] = (uint8_t)number;
	}
	return at == end;
}

/// An IPv6 address (RFC 4291, 2.2).
static bool read_v6(const char *at, const char *end, uint8_t *a)
{
	enum { NO_GAP = 17 };
	uint8_t groups[16] = { 0 };
	// Bytes that are read, and where a gap lies among them.
	size_t size = 0, gap = NO_GAP;

	while (at < end) {
		if (*at == ':' && end - at > 1 && at[1] == ':') {
			if (gap != NO_GAP)
				return false;
			gap = size;
			at += 2;
			if (at == end)
				break;
		} else if (size > 0) {
			if (*at++ != ':')
				return false;
		}
		if (size <= 12 && read_v4(at, end, groups + size)) {
			size += 4;
			break;
		}
		int group = read_number(&at, end, 16, 4);

		if (group < 0 || size == 16)
			return false;
		groups[size++] = (uint8_t)(group >> 8);
		groups[size++] = (uint8_t)group;
	}
	if (gap == NO_GAP ? size != 16 : size == 16)
		return false;
	if (gap == NO_GAP)
		gap = size;
	__builtin_memset(a, 0, 16);
	__builtin_memcpy(a, groups, gap);
	__builtin_memcpy(a + 16 - (size - gap), groups + gap, size - gap);
	return true;
}

static bool read_address(const char *at, const char *end, uint8_t *a)
{
	if (read_v4(at, end, a + 12)) {
		__builtin_memcpy(a, mapped, sizeof mapped);
		return true;
	}
	return read_v6(at, end, a);
}

lanner_address lanner_address_parse(const char *written)
{
	lanner_address address = { false, { 0 } };

	address.known = read_address(written, written + __builtin_strlen(written), address.bytes);
	return address;
}

bool lanner_network_parse(const char *written, lanner_network *network)
{
	const char *slash = written, *end = written + __builtin_strlen(written);
	int bits;

	while (slash < end && *slash != '/')
		slash++;
	if (slash == end || !read_address(written, slash, network->address))
		return false;
	bool v4 = __builtin_memchr(written, ':', (size_t)(slash - written)) == NULL;

	slash++;
	bits = read_number(&slash, end, 10, 3);
	if (bits < 0 || slash != end || bits > (v4 ? 32 : 128))
		return false;
	network->bits = (uint8_t)(v4 ? bits + 96 : bits);
	return true;
}

bool lanner_network_has(const lanner_network *network, const uint8_t *address)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (__builtin_memcmp(network->address, address, whole) != 0)
		return false;
	return rest == 0 || (network->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}
