#include "windows.h"

#include <string.h>

#define LENGTH_NS 10000000000u
#define PLACES (2 * WINDOWS_MOST)

static uint32_t first_place(uint64_t process)
{
	// Multiplied by 2^64 over the golden ratio, the upper bits are well mixed (Knuth, 6.4).
	return (uint32_t)((process * 0x9e3779b97f4a7c15u) >> 53) % PLACES;
}

// The place of a process, or the free one where it would be.
static uint32_t find(const windows *windows, uint64_t process)
{
	uint32_t place = first_place(process);

	while (windows->places[place] && windows->at[windows->places[place] - 1].process != process)
		place = (place + 1) % PLACES;
	return place;
}

// Frees a place; those behind it that would not be found any more move up.
static void clear_place(windows *windows, uint32_t place)
{
	for (uint32_t next = (place + 1) % PLACES; windows->places[next]; next = (next + 1) % PLACES) {
		uint32_t first = first_place(windows->at[windows->places[next] - 1].process);

		if ((next + PLACES - first) % PLACES < (next + PLACES - place) % PLACES)
			continue;
		windows->places[place] = windows->places[next];
		place = next;
	}
	windows->places[place] = 0;
}

static bool is_before(const window *one, const window *other)
{
	return one->start != other->start ? one->start < other->start : one->process < other->process;
}

// Where a new window goes: behind the others, or in place of the one that began first.
static window *room(windows *windows)
{
	window *oldest = &windows->at[0];

	if (windows->count < WINDOWS_MOST)
		return &windows->at[windows->count++];
	for (uint32_t number = 1; number < WINDOWS_MOST; number++) {
		if (is_before(&windows->at[number], oldest))
			oldest = &windows->at[number];
	}
	clear_place(windows, find(windows, oldest->process));
	return oldest;
}

static void begin(windows *windows, window begun)
{
	uint32_t place = find(windows, begun.process);

	if (windows->places[place]) {
		windows->at[windows->places[place] - 1] = begun;
	} else {
		window *there = room(windows);

		*there = begun;
		// What was forgotten may have moved others.
		windows->places[find(windows, begun.process)] = (uint16_t)(there - windows->at + 1);
	}
}

uint64_t windows_opened(windows *windows, uint64_t process, uint64_t now, uint64_t burst)
{
	uint16_t number = windows->places[find(windows, process)];
	window *window = number ? &windows->at[number - 1] : NULL;

	if (!window || (now > window->start && now - window->start > LENGTH_NS)) {
		begin(windows, (struct window){ process, now, 1, false });
		// A burst is at least 1.
		return 0;
	}
	window->count++;
	if (window->reported || window->count <= burst)
		return 0;
	window->reported = true;
	return window->count;
}

void windows_save(const windows *windows, lanner_writer *writer)
{
	const window *sorted[WINDOWS_MOST];

	for (uint32_t number = 0; number < windows->count; number++) {
		uint32_t at = number;

		for (; at > 0 && is_before(&windows->at[number], sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &windows->at[number];
	}
	lanner_write_map(writer, 1);
	lanner_write_string(writer, "windows");
	lanner_write_array(writer, windows->count);
	for (uint32_t number = 0; number < windows->count; number++) {
		lanner_write_array(writer, 4);
		lanner_write_u64(writer, sorted[number]->process);
		lanner_write_u64(writer, sorted[number]->start);
		lanner_write_u64(writer, sorted[number]->count);
		lanner_write_bool(writer, sorted[number]->reported);
	}
}

static void restore_window(windows *windows, lanner_reader *reader)
{
	lanner_items values = lanner_read_array(reader);
	window read;

	if (!values.definite || values.left != 4)
		reader->wrong = true;
	read.process = lanner_read_u64_item(reader);
	read.start = lanner_read_u64_item(reader);
	read.count = lanner_read_u64_item(reader);
	read.reported = lanner_read_bool_item(reader);
	if (!reader->wrong)
		begin(windows, read);
}

bool windows_restore(windows *windows, lanner_reader *reader)
{
	lanner_items keys = lanner_read_map(reader);

	memset(windows, 0, sizeof *windows);
	while (lanner_next_item(reader, &keys)) {
		lanner_text key = lanner_read_text_item(reader);

		if (!lanner_equals(key, "windows")) {
			lanner_read_past(reader);
			continue;
		}
		lanner_items items = lanner_read_array(reader);

		while (lanner_next_item(reader, &items))
			restore_window(windows, reader);
	}
	return !reader->wrong;
}
