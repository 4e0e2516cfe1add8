// Frames of what tests make up.
#include <stdlib.h>
#include <string.h>

#include "made.h"

/// What is written of a frame, so that it is there once: by row, what it is.
typedef struct written {
	const void **at;
	size_t count;
} written;

struct lanner_frame_writer {
	lanner_buffer sections[LANNER_RECORDS];
	uint32_t counts[LANNER_RECORDS];
	lanner_buffer arena;
	written processes, containers;
};

static void put(uint8_t *at, uint64_t number, size_t size)
{
	for (size_t byte = 0; byte < size; byte++)
		at[byte] = (uint8_t)(number >> 8 * byte);
}

/// Room for a record of which nothing is there yet; gives its row.
static uint32_t add_record(lanner_frame_writer *writer, unsigned index)
{
	static const uint8_t zeros[1024];

	lanner_buffer_add(&writer->sections[index], zeros, lanner_records[index].size);
	return writer->counts[index]++;
}

static uint8_t *record_at(lanner_frame_writer *writer, unsigned index, uint32_t row)
{
	return (uint8_t *)writer->sections[index].data + (size_t)row * lanner_records[index].size;
}

/// Writes a field of a record: a number, or of spans the first number in its lower half.
static void put_field(lanner_frame_writer *writer, unsigned index, uint32_t row, unsigned field, uint64_t number)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8, 4, 8, 1, 8, 16, 8, 4, 4 };
	const lanner_place *place = &lanner_records[index].places[field];
	uint8_t *record = record_at(writer, index, row);

	put(record + place->offset, number, sizes[place->holds] > 8 ? 8 : sizes[place->holds]);
	record[place->word + place->bit / 8] |= (uint8_t)(1u << place->bit % 8);
}

static uint64_t add_text(lanner_frame_writer *writer, lanner_text text)
{
	uint64_t span = (uint64_t)text.size << 32 | writer->arena.size;

	lanner_buffer_add(&writer->arena, text.data, text.size);
	return span;
}

static uint32_t add_process(lanner_frame_writer *writer, lanner_made_process *process);

static void put_values(lanner_frame_writer *writer, const lanner_made_record *made, uint32_t row)
{
	for (unsigned field = 0; field < lanner_records[made->index].count; field++) {
		const lanner_place *place = &lanner_records[made->index].places[field];
		const lanner_made_value *value = &made->values[field];

		if (!value->known)
			continue;
		if (place->holds == LANNER_HOLDS_TEXT) {
			put_field(writer, made->index, row, field, add_text(writer, value->bytes));
		} else if (place->holds == LANNER_HOLDS_ADDRESS) {
			put_field(writer, made->index, row, field, 0);
			// One that every host gives and no test does is all zero.
			if (value->bytes.size == 16)
				memcpy(record_at(writer, made->index, row) + place->offset, value->bytes.data, 16);
		} else if (place->holds == LANNER_HOLDS_ROW) {
			put_field(writer, made->index, row, field, add_process(writer, value->process));
		} else {
			put_field(writer, made->index, row, field, value->number);
		}
	}
}

/// The row of what is written already; or that of the next, which it is noted for.
static bool find(written *all, const void *what, uint32_t *row)
{
	for (size_t at = 0; at < all->count; at++) {
		if (all->at[at] == what) {
			*row = (uint32_t)at;
			return true;
		}
	}
	all->at = realloc(all->at, (all->count + 1) * sizeof *all->at);
	all->at[all->count] = what;
	*row = (uint32_t)all->count++;
	return false;
}

static uint32_t add_container(lanner_frame_writer *writer, const lanner_made_container *container)
{
	enum { NAME, VALUE, LABELS = 4 };
	uint32_t row, first = writer->counts[LANNER_RECORD_LABEL];

	if (find(&writer->containers, container, &row))
		return row;
	add_record(writer, LANNER_RECORD_CONTAINER);
	put_values(writer, &container->record, row);
	for (size_t label = 0; label < container->labels_count; label++) {
		uint32_t added = add_record(writer, LANNER_RECORD_LABEL);

		put_field(writer, LANNER_RECORD_LABEL, added, NAME, add_text(writer, lanner_text_of(container->labels[2 * label])));
		put_field(writer, LANNER_RECORD_LABEL, added, VALUE,
			  add_text(writer, lanner_text_of(container->labels[2 * label + 1])));
	}
	if (container->labels_count > 0)
		put_field(writer, LANNER_RECORD_CONTAINER, row, LABELS, (uint64_t)container->labels_count << 32 | first);
	return row;
}

/// The number of a process's field among all of its.
#define PLACE(field) (offsetof(struct lanner_fields, field) - offsetof(struct lanner_fields, process))

/// Adds what follows from the rest of a process, where the test does not say it.
static void put_what_follows(lanner_frame_writer *writer, const lanner_made_process *process, uint32_t row)
{
	const lanner_made_value *values = process->record.values, *exe = &values[PLACE(process.exe)];
	lanner_text name = exe->known ? lanner_file_name(exe->bytes) : LANNER_TEXT("");
	lanner_text comm = { name.data, name.size > 15 ? 15 : name.size };

	if (!values[PLACE(process.comm)].said)
		put_field(writer, LANNER_RECORD_PROCESS, row, PLACE(process.comm), add_text(writer, comm));
	if (!values[PLACE(process.argv)].said && exe->known) {
		uint64_t span = add_text(writer, name);

		lanner_buffer_add(&writer->arena, "", 1);
		put_field(writer, LANNER_RECORD_PROCESS, row, PLACE(process.argv), span + (1ull << 32));
	}
	if (!values[PLACE(process.ppid)].said)
		put_field(writer, LANNER_RECORD_PROCESS, row, PLACE(process.ppid), 0);
}

static uint32_t add_process(lanner_frame_writer *writer, lanner_made_process *process)
{
	uint32_t row;

	if (find(&writer->processes, process, &row))
		return row;
	add_record(writer, LANNER_RECORD_PROCESS);
	put_values(writer, &process->record, row);
	put_what_follows(writer, process, row);
	if (process->parent)
		put_field(writer, LANNER_RECORD_PROCESS, row, PLACE(process.parent_row), add_process(writer, process->parent));
	if (process->container)
		put_field(writer, LANNER_RECORD_PROCESS, row, PLACE(process.container), add_container(writer, process->container));
	return row;
}

static void add_event(lanner_frame_writer *writer, const lanner_made_event *event)
{
	enum { SEQ, TIME, KIND, FLAGS, PROCESS, TID, PAYLOAD, RESULT };
	uint32_t payload = add_record(writer, event->record.index), row = add_record(writer, LANNER_RECORD_EVENT);

	put_values(writer, &event->record, payload);
	put_field(writer, LANNER_RECORD_EVENT, row, SEQ, event->seq);
	put_field(writer, LANNER_RECORD_EVENT, row, TIME, event->time);
	put_field(writer, LANNER_RECORD_EVENT, row, KIND, event->kind);
	put_field(writer, LANNER_RECORD_EVENT, row, FLAGS, event->flags);
	put_field(writer, LANNER_RECORD_EVENT, row, PAYLOAD, payload);
	if (event->by)
		put_field(writer, LANNER_RECORD_EVENT, row, PROCESS, add_process(writer, event->by));
	if (lanner_kind_has[event->kind] & LANNER_HAS_RESULT)
		put_field(writer, LANNER_RECORD_EVENT, row, RESULT, (uint64_t)event->result);
}

static void add_section(lanner_buffer *table, lanner_buffer *body, uint32_t from, uint16_t number, uint16_t stride,
			uint32_t count, const void *bytes)
{
	static const uint8_t zeros[8];
	uint8_t entry[16] = { 0 };

	if (count == 0)
		return;
	put(entry, number, 2);
	put(entry + 2, stride, 2);
	put(entry + 4, count, 4);
	put(entry + 8, from + body->size, 4);
	lanner_buffer_add(table, entry, sizeof entry);
	lanner_buffer_add(body, bytes, (size_t)count * stride);
	lanner_buffer_add(body, zeros, (8 - body->size % 8) % 8);
}

uint8_t *lanner_made_frame(lanner_made_event *const *events, size_t count, const uint8_t *passed, uint16_t passed_stride,
			   size_t *size)
{
	lanner_frame_writer writer = { 0 };
	lanner_buffer table = { 0 }, body = { 0 };
	uint32_t used = 0, from;
	uint8_t *frame;

	for (size_t event = 0; event < count; event++)
		add_event(&writer, events[event]);
	for (unsigned index = 0; index < LANNER_RECORDS; index++)
		used += writer.counts[index] > 0;
	used += (writer.arena.size > 0) + (passed && count > 0);
	from = 16 + 16 * used;
	for (unsigned index = 0; index < LANNER_RECORDS; index++)
		add_section(&table, &body, from, lanner_records[index].section, lanner_records[index].size, writer.counts[index],
			    writer.sections[index].data);
	add_section(&table, &body, from, 0, 1, (uint32_t)writer.arena.size, writer.arena.data);
	if (passed)
		add_section(&table, &body, from, LANNER_SECTION_PASSED, passed_stride, (uint32_t)count, passed);

	*size = from + body.size;
	frame = malloc(*size);
	memcpy(frame, "LNRF", 4);
	put(frame + 4, LANNER_VERSION, 2);
	put(frame + 6, 16, 2);
	put(frame + 8, *size, 4);
	put(frame + 12, used, 4);
	if (table.size > 0)
		memcpy(frame + 16, table.data, table.size);
	if (body.size > 0)
		memcpy(frame + from, body.data, body.size);

	for (unsigned index = 0; index < LANNER_RECORDS; index++)
		lanner_buffer_free(&writer.sections[index]);
	lanner_buffer_free(&writer.arena);
	lanner_buffer_free(&table);
	lanner_buffer_free(&body);
	free(writer.processes.at);
	free(writer.containers.at);
	return frame;
}
