#include "tables.h"

#define HEADER_SIZE 16
#define ENTRY_SIZE 16
#define SECTION_ARENA 0
#define PAYLOAD_BASE 256

/// Where a section's place is in the frame; NULL for one that this SDK does not know.
static lanner_section *place_of(lanner_frame *frame, uint16_t number)
{
	if (number == LANNER_SECTION_PASSED)
		return &frame->passed;
	for (unsigned index = 0; index < LANNER_RECORDS && lanner_records[index].section < PAYLOAD_BASE; index++) {
		if (lanner_records[index].section == number)
			return &frame->sections[index];
	}
	if (number >= PAYLOAD_BASE && number < PAYLOAD_BASE + LANNER_KINDS) {
		unsigned index = lanner_kind_records[number - PAYLOAD_BASE];

		return index ? &frame->sections[index] : NULL;
	}
	return NULL;
}

static const char *read_entry(lanner_frame *frame, const uint8_t *bytes, uint32_t size, const uint8_t *entry, bool *arena)
{
	uint16_t number = lanner_load_u16(entry);
	uint32_t stride = lanner_load_u16(entry + 2), count = lanner_load_u32(entry + 4), at = lanner_load_u32(entry + 8);
	lanner_section *section = place_of(frame, number);

	if (count > 0) {
		if (stride == 0 || at > size || (uint64_t)count * stride > size - at)
			return "a section does not lie within the frame";
	} else {
		at = 0;
		stride = 1;
	}
	if (number == SECTION_ARENA) {
		if (*arena)
			return "a section of the frame is there twice";
		*arena = true;
		frame->arena = bytes + at;
		// Less than `size`, as was checked.
		frame->arena_size = count * stride;
	} else if (section) {
		if (section->count > 0)
			return "a section of the frame is there twice";
		section->at = bytes + at;
		section->stride = stride;
		section->count = count;
	}
	return NULL;
}

static const char *read_frame(lanner_frame *frame, const uint8_t *bytes, size_t there)
{
	uint32_t size, entries, table;
	bool arena = false;

	if (there < HEADER_SIZE || __builtin_memcmp(bytes, "LNRF", 4) != 0)
		return "these bytes are not a frame";
	if (lanner_load_u16(bytes + 4) != LANNER_VERSION)
		return "the frame's layout has a version that this SDK does not know";
	size = lanner_load_u32(bytes + 8);
	table = lanner_load_u16(bytes + 6);
	entries = lanner_load_u32(bytes + 12);
	if (size > there)
		return "the frame is shorter than it says";
	if (table < HEADER_SIZE || table > size || entries > (size - table) / ENTRY_SIZE)
		return "the frame's section table does not lie within it";
	for (uint32_t entry = 0; entry < entries; entry++) {
		const char *wrong = read_entry(frame, bytes, size, bytes + table + (size_t)entry * ENTRY_SIZE, &arena);

		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *lanner_frame_read(lanner_frame *frame, const void *bytes, size_t size)
{
	const char *wrong;

	__builtin_memset(frame, 0, sizeof *frame);
	wrong = read_frame(frame, (const uint8_t *)bytes, size);
	if (wrong)
		__builtin_memset(frame, 0, sizeof *frame);
	return wrong;
}

lanner_event lanner_frame_event(const lanner_frame *frame, uint32_t row)
{
	lanner_event event = { lanner_frame_row(frame, LANNER_RECORD_EVENT, row), { frame, NULL, 0 }, 0 };
	const lanner_place *places = lanner_records[LANNER_RECORD_EVENT].places;
	// The order of an event's fields is that of the schema, where nothing moves.
	enum { KIND = 2, PAYLOAD = 6 };
	unsigned index;

	event.kind = lanner_promised_u16(event.record, places[KIND].offset);
	index = event.kind < LANNER_KINDS ? lanner_kind_records[event.kind] : 0;
	if (index)
		event.payload = lanner_frame_row(frame, index, lanner_promised_u32(event.record, places[PAYLOAD].offset));
	return event;
}

lanner_list lanner_read_list(lanner_record record, uint32_t offset, uint32_t word, uint32_t bit, unsigned index)
{
	lanner_list list = { false, record.frame, { NULL, 1, 0 } };
	const lanner_section *section;
	uint32_t first, count;

	if (!lanner_has(record, offset, 8, word, bit))
		return list;
	first = lanner_load_u32(record.at + offset);
	count = lanner_load_u32(record.at + offset + 4);
	section = &record.frame->sections[index];
	// One of no records lies anywhere: a section without records may be left out.
	if (count > 0 && (first > section->count || count > section->count - first))
		return list;
	list.known = true;
	if (count > 0) {
		list.rows.at = section->at + (size_t)first * section->stride;
		list.rows.stride = section->stride;
		list.rows.count = count;
	}
	return list;
}
