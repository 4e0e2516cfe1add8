#include "utf8.h"

uint32_t lanner_utf8_next(const char *text, size_t size, size_t *length)
{
	const uint8_t *bytes = (const uint8_t *)text;
	uint8_t first = bytes[0], low = 0x80, high = 0xbf;
	uint32_t character;
	size_t all;

	*length = 1;
	if (first < 0x80)
		return first;
	if (first >= 0xc2 && first <= 0xdf) {
		all = 2;
		character = first & 0x1f;
	} else if (first >= 0xe0 && first <= 0xef) {
		all = 3;
		character = first & 0xf;
		// Neither longer than needed, nor a surrogate.
		low = first == 0xe0 ? 0xa0 : low;
		high = first == 0xed ? 0x9f : high;
	} else if (first >= 0xf0 && first <= 0xf4) {
		all = 4;
		character = first & 7;
		// Neither longer than needed, nor beyond U+10FFFF.
		low = first == 0xf0 ? 0x90 : low;
		high = first == 0xf4 ? 0x8f : high;
	} else {
		return LANNER_NOT_UTF8;
	}
	for (; *length < all; ++*length) {
		if (*length == size || bytes[*length] < low || bytes[*length] > high)
			return LANNER_NOT_UTF8;
		character = character << 6 | (bytes[*length] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	return character;
}
