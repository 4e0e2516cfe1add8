/// @file
/// A batch of events, as bytes that were checked, and how its records are read. What authors of rules use is in records.h
/// and event.h.
#pragma once

#include "schema.h"
#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Numbers that may not be known.
typedef struct lanner_bool {
	bool known;
	bool value;
} lanner_bool;
typedef struct lanner_u8 {
	bool known;
	uint8_t value;
} lanner_u8;
typedef struct lanner_u16 {
	bool known;
	uint16_t value;
} lanner_u16;
typedef struct lanner_u32 {
	bool known;
	uint32_t value;
} lanner_u32;
typedef struct lanner_u64 {
	bool known;
	uint64_t value;
} lanner_u64;
typedef struct lanner_i32 {
	bool known;
	int32_t value;
} lanner_i32;
typedef struct lanner_i64 {
	bool known;
	int64_t value;
} lanner_i64;

/// An internet address that may not be known. IPv4 addresses are IPv4-mapped IPv6 addresses.
typedef struct lanner_address {
	bool known;
	uint8_t bytes[16];
} lanner_address;

/// Records of one kind, one after the other: `count` of `stride` bytes, which lie within the frame.
typedef struct lanner_section {
	const uint8_t *at;
	uint32_t stride;
	uint32_t count;
} lanner_section;

/// A batch of events.
typedef struct lanner_frame {
	lanner_section sections[LANNER_RECORDS];
	/// Which of the pack's subscriptions each event passed.
	lanner_section passed;
	/// What texts point into.
	const uint8_t *arena;
	uint32_t arena_size;
} lanner_frame;

/// A record, as long as the writer's stride; one of which nothing is known has no bytes.
typedef struct lanner_record {
	const lanner_frame *frame;
	const uint8_t *at;
	uint32_t size;
} lanner_record;

/// An event: what all of them have, and what the kind has of its own.
typedef struct lanner_event {
	lanner_record record;
	lanner_record payload;
	uint16_t kind;
} lanner_event;

/// Records of another section that a record has.
typedef struct lanner_list {
	bool known;
	const lanner_frame *frame;
	lanner_section rows;
} lanner_list;

/// Reads the head of a frame and where its sections lie. Gives NULL, or what is wrong with it in a sentence; then it reads as
/// a frame without events. The bytes must stay as long as the frame is used.
const char *lanner_frame_read(lanner_frame *frame, const void *bytes, size_t size);

/// The record of a row; where there is no such row, one of which nothing is known.
LANNER_INLINE lanner_record lanner_frame_row(const lanner_frame *frame, unsigned index, uint32_t row)
{
	const lanner_section *section = &frame->sections[index];
	lanner_record record = { frame, NULL, 0 };

	if (row < section->count) {
		record.at = section->at + (size_t)row * section->stride;
		record.size = section->stride;
	}
	return record;
}

/// Events in the frame.
LANNER_INLINE uint32_t lanner_frame_events(const lanner_frame *frame)
{
	return frame->sections[LANNER_RECORD_EVENT].count;
}

/// The event of a row, which is less than `lanner_frame_events`.
lanner_event lanner_frame_event(const lanner_frame *frame, uint32_t row);

/// The record of a list's row, which is less than `rows.count`.
LANNER_INLINE lanner_record lanner_list_row(const lanner_list *list, uint32_t row)
{
	lanner_record record = { list->frame, list->rows.at + (size_t)row * list->rows.stride, list->rows.stride };

	return record;
}

/// What an event has of its own, where it is of this kind: one of another kind has none of its fields.
LANNER_INLINE lanner_record lanner_payload(const lanner_event *event, unsigned kind)
{
	lanner_record none = { event->payload.frame, NULL, 0 };

	return event->kind == kind ? event->payload : none;
}

// How fields are read: `offset` is the field's place, `bit` of the eight bytes at `word` says whether it is there. What does not
// lie within the record is not there, as an older host did not write it.

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LANNER_LITTLE(bits, value) __builtin_bswap##bits(value)
#else
#define LANNER_LITTLE(bits, value) (value)
#endif

#define LANNER_LOAD(bits)                                                                                              \
	LANNER_INLINE uint##bits##_t lanner_load_u##bits(const uint8_t *at)                                            \
	{                                                                                                              \
		uint##bits##_t value;                                                                                  \
                                                                                                                       \
		__builtin_memcpy(&value, at, sizeof value);                                                            \
		return LANNER_LITTLE(bits, value);                                                                     \
	}

LANNER_LOAD(16)
LANNER_LOAD(32)
LANNER_LOAD(64)

LANNER_INLINE uint8_t lanner_load_u8(const uint8_t *at)
{
	return *at;
}

LANNER_INLINE bool lanner_has(lanner_record record, uint32_t offset, uint32_t size, uint32_t word, uint32_t bit)
{
	// Where the value lies within the record, so does the word before it.
	return record.size >= offset + size && (record.at[word + bit / 8] >> (bit % 8) & 1) != 0;
}

/// A number that may not be known, and one that every host gives, whose bit need not be asked for.
#define LANNER_READ(name, type, bits)                                                                                  \
	LANNER_INLINE lanner_##name lanner_read_##name(lanner_record record, uint32_t offset, uint32_t word, uint32_t bit) \
	{                                                                                                              \
		lanner_##name number = { lanner_has(record, offset, bits / 8, word, bit), 0 };                         \
                                                                                                                       \
		if (number.known)                                                                                      \
			number.value = (type)lanner_load_u##bits(record.at + offset);                                  \
		return number;                                                                                         \
	}                                                                                                              \
                                                                                                                       \
	LANNER_INLINE type lanner_promised_##name(lanner_record record, uint32_t offset)                               \
	{                                                                                                              \
		return record.size >= offset + bits / 8 ? (type)lanner_load_u##bits(record.at + offset) : 0;           \
	}

LANNER_READ(u8, uint8_t, 8)
LANNER_READ(u16, uint16_t, 16)
LANNER_READ(u32, uint32_t, 32)
LANNER_READ(u64, uint64_t, 64)
LANNER_READ(i32, int32_t, 32)
LANNER_READ(i64, int64_t, 64)

LANNER_INLINE lanner_bool lanner_read_bool(lanner_record record, uint32_t offset, uint32_t word, uint32_t bit)
{
	lanner_u8 number = lanner_read_u8(record, offset, word, bit);
	lanner_bool yes = { number.known, number.value != 0 };

	return yes;
}

/// Yes, where that is known.
LANNER_INLINE bool lanner_is(lanner_bool yes)
{
	return yes.known && yes.value;
}

/// The number, where it is known, or another one.
LANNER_INLINE uint32_t lanner_or(lanner_u32 number, uint32_t other)
{
	return number.known ? number.value : other;
}

LANNER_INLINE lanner_address lanner_read_address(lanner_record record, uint32_t offset, uint32_t word, uint32_t bit)
{
	lanner_address address = { lanner_has(record, offset, 16, word, bit), { 0 } };

	if (address.known)
		__builtin_memcpy(address.bytes, record.at + offset, 16);
	return address;
}

/// One that points outside of the arena is not known.
LANNER_INLINE lanner_text lanner_read_text(lanner_record record, uint32_t offset, uint32_t word, uint32_t bit)
{
	lanner_text text = { NULL, 0 };
	uint32_t start, size;

	if (!lanner_has(record, offset, 8, word, bit))
		return text;
	start = lanner_load_u32(record.at + offset);
	size = lanner_load_u32(record.at + offset + 4);
	if (start > record.frame->arena_size || size > record.frame->arena_size - start)
		return text;
	return lanner_text_of_bytes(record.frame->arena + start, size);
}

/// The record of the row that a field points to.
LANNER_INLINE lanner_record lanner_read_row(lanner_record record, uint32_t offset, uint32_t word, uint32_t bit,
					    unsigned index)
{
	lanner_u32 row = lanner_read_u32(record, offset, word, bit);
	lanner_record none = { record.frame, NULL, 0 };

	return row.known ? lanner_frame_row(record.frame, index, row.value) : none;
}

/// One that leaves its section is not known.
lanner_list lanner_read_list(lanner_record record, uint32_t offset, uint32_t word, uint32_t bit, unsigned index);

#ifdef __cplusplus
}
#endif
