/// @file
/// CBOR (RFC 8949): how a pack's state is written and read, and all that a pack and its host say to one another.
#pragma once

#include "print.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Where something is written to: what is in `bytes` afterwards. All zero, it is empty.
typedef struct lanner_writer {
	lanner_buffer bytes;
} lanner_writer;

/// A map of so many keys, each followed by its value.
void lanner_write_map(lanner_writer *writer, uint64_t count);
/// An array of so many items, which follow.
void lanner_write_array(lanner_writer *writer, uint64_t count);
/// A string, such as a key.
void lanner_write_string(lanner_writer *writer, const char *string);
/// A text. What is not UTF-8 in it becomes U+FFFD: to keep it as it is, write bytes.
void lanner_write_text(lanner_writer *writer, lanner_text text);
/// Bytes as they are.
void lanner_write_bytes(lanner_writer *writer, lanner_text bytes);
void lanner_write_u64(lanner_writer *writer, uint64_t number);
void lanner_write_i64(lanner_writer *writer, int64_t number);
void lanner_write_bool(lanner_writer *writer, bool yes);
void lanner_write_float(lanner_writer *writer, double number);

/// Bytes that are read. The first thing that is not what was asked for makes `wrong` true, and from then on everything is 0 and
/// empty: it is enough to look at the end.
typedef struct lanner_reader {
	const uint8_t *at, *end;
	bool wrong;
} lanner_reader;

lanner_reader lanner_reader_of(const void *bytes, size_t size);

/// What comes next.
enum lanner_cbor_type {
	LANNER_CBOR_UNSIGNED,
	LANNER_CBOR_NEGATIVE,
	LANNER_CBOR_BYTES,
	LANNER_CBOR_TEXT,
	LANNER_CBOR_ARRAY,
	LANNER_CBOR_MAP,
	LANNER_CBOR_TAG,
	LANNER_CBOR_BOOL,
	LANNER_CBOR_FLOAT,
	/// Null and others that have no value.
	LANNER_CBOR_SIMPLE,
	/// The end of what has no definite length.
	LANNER_CBOR_BREAK,
	/// There is nothing more, or nothing that is sound.
	LANNER_CBOR_NOTHING,
};

enum lanner_cbor_type lanner_reader_next(const lanner_reader *reader);

/// Items of an array, or keys of a map, that are left.
typedef struct lanner_items {
	/// Of one without a definite length it is not known.
	uint64_t left;
	bool definite;
} lanner_items;

lanner_items lanner_read_array(lanner_reader *reader);
lanner_items lanner_read_map(lanner_reader *reader);

/// Whether there is another item or key, which then comes next: `while (lanner_next_item(reader, &items)) …`.
bool lanner_next_item(lanner_reader *reader, lanner_items *items);

/// A text or bytes, of definite length, which lie in what is read.
lanner_text lanner_read_text_item(lanner_reader *reader);
uint64_t lanner_read_u64_item(lanner_reader *reader);
int64_t lanner_read_i64_item(lanner_reader *reader);
bool lanner_read_bool_item(lanner_reader *reader);
double lanner_read_float_item(lanner_reader *reader);

/// Passes over what comes next, however deep it lies.
void lanner_read_past(lanner_reader *reader);

#ifdef __cplusplus
}
#endif
