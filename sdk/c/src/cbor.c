#include <lanner/cbor.h>

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, OTHER };

/// What stands in the low five bits where there is no definite length.
#define INDEFINITE 31
/// How deep items may lie in one another.
#define DEPTH 32

// === Writing ===

static void write_head(lanner_writer *writer, enum major major, uint64_t number)
{
	uint8_t head[9];
	unsigned size = number < 24 ? 0 : number <= UINT8_MAX ? 1 : number <= UINT16_MAX ? 2 : number <= UINT32_MAX ? 4 : 8;

	// 24 to 27 stand for 1, 2, 4 and 8 bytes that follow.
	head[0] = (uint8_t)(major << 5 | (size == 0 ? number : 24u + (size > 1) + (size > 2) + (size > 4)));
	for (unsigned byte = 0; byte < size; byte++)
		head[1 + byte] = (uint8_t)(number >> 8 * (size - 1 - byte));
	lanner_buffer_add(&writer->bytes, head, 1 + size);
}

void lanner_write_map(lanner_writer *writer, uint64_t count)
{
	write_head(writer, MAP, count);
}

void lanner_write_array(lanner_writer *writer, uint64_t count)
{
	write_head(writer, ARRAY, count);
}

void lanner_write_string(lanner_writer *writer, const char *string)
{
	lanner_write_text(writer, lanner_text_of(string));
}

void lanner_write_text(lanner_writer *writer, lanner_text text)
{
	lanner_buffer lossy = { 0 };

	lanner_buffer_add_lossy(&lossy, text);
	write_head(writer, TEXT, lossy.size);
	lanner_buffer_add(&writer->bytes, lossy.data, lossy.size);
	lanner_buffer_free(&lossy);
}

void lanner_write_bytes(lanner_writer *writer, lanner_text bytes)
{
	write_head(writer, BYTES, bytes.size);
	lanner_buffer_add(&writer->bytes, bytes.data, bytes.size);
}

void lanner_write_u64(lanner_writer *writer, uint64_t number)
{
	write_head(writer, UNSIGNED, number);
}

void lanner_write_i64(lanner_writer *writer, int64_t number)
{
	if (number < 0)
		write_head(writer, NEGATIVE, ~(uint64_t)number);
	else
		write_head(writer, UNSIGNED, (uint64_t)number);
}

void lanner_write_bool(lanner_writer *writer, bool yes)
{
	write_head(writer, OTHER, yes ? 21 : 20);
}

void lanner_write_float(lanner_writer *writer, double number)
{
	uint8_t bytes[9] = { 0xfb };
	uint64_t bits;

	__builtin_memcpy(&bits, &number, sizeof bits);
	for (unsigned byte = 0; byte < 8; byte++)
		bytes[1 + byte] = (uint8_t)(bits >> (56 - 8 * byte));
	lanner_buffer_add(&writer->bytes, bytes, sizeof bytes);
}

// === Reading ===

typedef struct head {
	enum major major;
	/// The low five bits.
	unsigned low;
	uint64_t number;
} head;

lanner_reader lanner_reader_of(const void *bytes, size_t size)
{
	lanner_reader reader = { bytes, (const uint8_t *)bytes + size, false };

	return reader;
}

/// Makes everything from here on 0 and empty.
static void fail(lanner_reader *reader)
{
	reader->wrong = true;
	reader->at = reader->end;
}

static head read_head(lanner_reader *reader)
{
	head it = { OTHER, 0, 0 };
	unsigned size;

	if (reader->at == reader->end) {
		fail(reader);
		return it;
	}
	it.major = (enum major)(*reader->at >> 5);
	it.low = *reader->at++ & 31;
	if (it.low < 24) {
		it.number = it.low;
		return it;
	}
	if (it.low > 27) {
		// 28 to 30 mean nothing yet; a number and a tag have a definite length.
		if (it.low != INDEFINITE || it.major <= NEGATIVE || it.major == TAG)
			fail(reader);
		return it;
	}
	size = 1u << (it.low - 24);
	if ((size_t)(reader->end - reader->at) < size) {
		fail(reader);
		return it;
	}
	for (unsigned byte = 0; byte < size; byte++)
		it.number = it.number << 8 | *reader->at++;
	return it;
}

enum lanner_cbor_type lanner_reader_next(const lanner_reader *reader)
{
	static const enum lanner_cbor_type types[] = { LANNER_CBOR_UNSIGNED, LANNER_CBOR_NEGATIVE, LANNER_CBOR_BYTES,
						       LANNER_CBOR_TEXT,     LANNER_CBOR_ARRAY,    LANNER_CBOR_MAP,
						       LANNER_CBOR_TAG };
	unsigned low;

	if (reader->wrong || reader->at == reader->end)
		return LANNER_CBOR_NOTHING;
	if (*reader->at >> 5 != OTHER)
		return types[*reader->at >> 5];
	low = *reader->at & 31;
	return low == 20 || low == 21  ? LANNER_CBOR_BOOL
	       : low >= 25 && low <= 27 ? LANNER_CBOR_FLOAT
	       : low == INDEFINITE      ? LANNER_CBOR_BREAK
					: LANNER_CBOR_SIMPLE;
}

/// The head of what comes next, where that is of this type.
static head read_type(lanner_reader *reader, enum major major)
{
	head it = read_head(reader);

	if (it.major != major)
		fail(reader);
	return it;
}

static lanner_items read_items(lanner_reader *reader, enum major major)
{
	head it = read_type(reader, major);
	lanner_items items = { reader->wrong ? 0 : it.number, reader->wrong || it.low != INDEFINITE };

	return items;
}

lanner_items lanner_read_array(lanner_reader *reader)
{
	return read_items(reader, ARRAY);
}

lanner_items lanner_read_map(lanner_reader *reader)
{
	return read_items(reader, MAP);
}

bool lanner_next_item(lanner_reader *reader, lanner_items *items)
{
	if (reader->wrong)
		return false;
	if (items->definite) {
		if (items->left == 0)
			return false;
		items->left--;
	} else if (lanner_reader_next(reader) == LANNER_CBOR_BREAK) {
		reader->at++;
		items->left = 0;
		items->definite = true;
		return false;
	}
	if (reader->at == reader->end)
		fail(reader);
	return !reader->wrong;
}

lanner_text lanner_read_text_item(lanner_reader *reader)
{
	head it = read_head(reader);
	lanner_text text = { "", 0 };

	if ((it.major != TEXT && it.major != BYTES) || it.low == INDEFINITE ||
	    it.number > (uint64_t)(reader->end - reader->at)) {
		fail(reader);
		return text;
	}
	text = lanner_text_of_bytes(reader->at, (size_t)it.number);
	reader->at += it.number;
	return text;
}

uint64_t lanner_read_u64_item(lanner_reader *reader)
{
	uint64_t number = read_type(reader, UNSIGNED).number;

	return reader->wrong ? 0 : number;
}

int64_t lanner_read_i64_item(lanner_reader *reader)
{
	head it = read_head(reader);

	if (it.major > NEGATIVE || it.number > INT64_MAX)
		fail(reader);
	if (reader->wrong)
		return 0;
	return it.major == NEGATIVE ? -1 - (int64_t)it.number : (int64_t)it.number;
}

bool lanner_read_bool_item(lanner_reader *reader)
{
	head it = read_type(reader, OTHER);

	if (it.low != 20 && it.low != 21)
		fail(reader);
	return !reader->wrong && it.low == 21;
}

/// A float of 16 bits: a sign, 5 bits of the exponent, 10 of the fraction.
static double half(uint64_t bits)
{
	unsigned exponent = bits >> 10 & 31;
	double fraction = (double)(bits & 0x3ff), value;

	if (exponent == 0)
		value = fraction / 16777216.0;
	else if (exponent == 31)
		value = fraction > 0 ? __builtin_nan("") : __builtin_inf();
	else
		value = (1024 + fraction) * (exponent < 25 ? 1.0 / (double)(1u << (25 - exponent)) : (double)(1u << (exponent - 25)));
	return bits >> 15 ? -value : value;
}

double lanner_read_float_item(lanner_reader *reader)
{
	head it = read_type(reader, OTHER);
	uint32_t single = (uint32_t)it.number;
	float narrow;
	double number = 0;

	if (it.low < 25 || it.low > 27)
		fail(reader);
	if (reader->wrong)
		return 0;
	switch (it.low) {
	case 25:
		return half(it.number);
	case 26:
		__builtin_memcpy(&narrow, &single, sizeof narrow);
		return narrow;
	default:
		__builtin_memcpy(&number, &it.number, sizeof number);
		return number;
	}
}

static void read_past(lanner_reader *reader, unsigned depth)
{
	head it = read_head(reader);

	if (depth == DEPTH)
		fail(reader);
	if (reader->wrong)
		return;
	if (it.major == BYTES || it.major == TEXT) {
		if (it.low == INDEFINITE) {
			lanner_items pieces = { 0, false };

			while (lanner_next_item(reader, &pieces))
				lanner_read_text_item(reader);
		} else if (it.number > (uint64_t)(reader->end - reader->at)) {
			fail(reader);
		} else {
			reader->at += it.number;
		}
	} else if (it.major == ARRAY || it.major == MAP) {
		lanner_items items = { it.number, it.low != INDEFINITE };

		while (lanner_next_item(reader, &items)) {
			read_past(reader, depth + 1);
			if (it.major == MAP)
				read_past(reader, depth + 1);
		}
	} else if (it.major == TAG) {
		read_past(reader, depth + 1);
	} else if (it.low == INDEFINITE) {
		// The end of something that did not begin.
		fail(reader);
	}
}

void lanner_read_past(lanner_reader *reader)
{
	read_past(reader, 0);
}
