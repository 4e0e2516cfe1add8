#include "out.h"

#include <lanner/memory.h>

#include "describe.h"
#include "host.h"

/// What a host takes of a finding: the rest is cut there anyway, and would only cost (docs/contract.md). A call that hands over more
/// than 1 MiB traps.
enum {
	MAX_TEXT = 16 << 10,
	MAX_FACTS = 64,
	MAX_ITEMS = 64,
	MAX_FACTS_SIZE = 512 << 10,
};

/// Not longer than a host takes, and not in the middle of a character.
static lanner_text cut(lanner_text text)
{
	if (text.size > MAX_TEXT) {
		text.size = MAX_TEXT;
		while (text.size > 0 && ((uint8_t)text.data[text.size] & 0xc0) == 0x80)
			text.size--;
	}
	return text;
}

static lanner_text text_of(const lanner_buffer *buffer)
{
	return cut(lanner_text_of_bytes(buffer->data, buffer->size));
}

void *lanner_context(const lanner_out *out)
{
	return out->context;
}

lanner_finding *lanner_raise_pieces(lanner_out *out, const lanner_piece *pieces, size_t count)
{
	lanner_finding *finding = &out->finding;

	lanner_out_flush(out);
	finding->begun = true;
	finding->has_key = finding->has_severity = finding->has_process = false;
	finding->message.size = finding->key.size = finding->facts.bytes.size = 0;
	finding->events_count = finding->facts_count = 0;
	lanner_buffer_print(&finding->message, pieces, count);
	if (out->has_event)
		lanner_because_of(finding, out->event);
	return finding;
}

/// Begins a fact, where there is room for another.
static bool begin_fact(lanner_finding *finding, const char *name)
{
	if (finding->facts_count == MAX_FACTS || finding->facts.bytes.size > MAX_FACTS_SIZE)
		return false;
	finding->facts_count++;
	lanner_write_array(&finding->facts, 2);
	lanner_write_string(&finding->facts, name);
	return true;
}

static void write_printed(lanner_writer *writer, const lanner_piece *pieces, size_t count)
{
	lanner_buffer text = { 0 };

	lanner_buffer_print(&text, pieces, count);
	lanner_write_text(writer, text_of(&text));
	lanner_buffer_free(&text);
}

static void begin_named(lanner_writer *writer, const char *name, uint64_t values)
{
	lanner_write_array(writer, 1 + values);
	lanner_write_string(writer, name);
}

static void write_fact(lanner_writer *writer, const lanner_piece *fact)
{
	const lanner_address *address = &fact->is.address;

	switch (fact->type) {
	case LANNER_PIECE_TEXT:
		begin_named(writer, "path", 1);
		lanner_write_bytes(writer, cut(fact->is.text));
		break;
	case LANNER_PIECE_SIGNED:
		lanner_write_i64(writer, fact->is.number);
		break;
	case LANNER_PIECE_UNSIGNED:
		lanner_write_u64(writer, fact->is.natural);
		break;
	case LANNER_PIECE_BOOL:
		lanner_write_bool(writer, fact->is.yes);
		break;
	case LANNER_PIECE_FLOAT:
		lanner_write_float(writer, fact->is.real);
		break;
	case LANNER_PIECE_ADDRESS:
		begin_named(writer, "address", 1);
		lanner_write_bytes(writer, lanner_address_is_v4(*address) ? lanner_text_of_bytes(address->bytes + 12, 4)
									  : lanner_text_of_bytes(address->bytes, 16));
		break;
	case LANNER_PIECE_PROCESS:
		begin_named(writer, "process", 1);
		lanner_write_u64(writer, lanner_process_image(fact->is.process));
		break;
	default:
		write_printed(writer, fact, 1);
	}
}

void lanner_add_fact(lanner_finding *finding, const char *name, lanner_piece fact)
{
	if (fact.type != LANNER_PIECE_UNKNOWN && begin_fact(finding, name))
		write_fact(&finding->facts, &fact);
}

void lanner_add_text(lanner_finding *finding, const char *name, const lanner_piece *pieces, size_t count)
{
	if (begin_fact(finding, name))
		write_printed(&finding->facts, pieces, count);
}

void lanner_add_list(lanner_finding *finding, const char *name, const lanner_piece *facts, size_t count)
{
	size_t known = 0;

	for (size_t at = 0; at < count; at++)
		known += facts[at].type != LANNER_PIECE_UNKNOWN;
	if (known > MAX_ITEMS)
		known = MAX_ITEMS;
	if (!begin_fact(finding, name))
		return;
	begin_named(&finding->facts, "list", known);
	for (size_t at = 0; at < count && known > 0; at++) {
		if (facts[at].type == LANNER_PIECE_UNKNOWN)
			continue;
		write_fact(&finding->facts, &facts[at]);
		known--;
	}
}

void lanner_set_key(lanner_finding *finding, const lanner_piece *pieces, size_t count)
{
	finding->has_key = true;
	finding->key.size = 0;
	lanner_buffer_print(&finding->key, pieces, count);
}

void lanner_because_of(lanner_finding *finding, uint64_t seq)
{
	size_t at = finding->events_count;

	while (at > 0 && finding->events[at - 1] > seq)
		at--;
	if (at > 0 && finding->events[at - 1] == seq)
		return;
	if (finding->events_count == finding->events_capacity) {
		finding->events_capacity = finding->events_capacity ? 2 * finding->events_capacity : 8;
		finding->events = lanner_resize(finding->events, finding->events_capacity * sizeof *finding->events);
	}
	for (size_t to = finding->events_count; to > at; to--)
		finding->events[to] = finding->events[to - 1];
	finding->events[at] = seq;
	finding->events_count++;
}

void lanner_set_severity(lanner_finding *finding, enum lanner_severity severity)
{
	finding->has_severity = true;
	finding->severity = severity;
}

void lanner_about(lanner_finding *finding, lanner_process process)
{
	if (lanner_process_is_known(process))
		lanner_about_image(finding, lanner_process_image(process));
}

void lanner_about_image(lanner_finding *finding, uint64_t image)
{
	finding->has_process = true;
	finding->process = image;
}

void lanner_out_flush(lanner_out *out)
{
	lanner_finding *finding = &out->finding;
	lanner_writer *writer = &finding->whole;

	if (!finding->begun)
		return;
	finding->begun = false;
	writer->bytes.size = 0;
	lanner_write_map(writer, 2u + finding->has_severity + (finding->events_count > 0) + finding->has_process +
					 finding->has_key + (finding->facts_count > 0));
	lanner_write_string(writer, "rule");
	lanner_write_u64(writer, out->rule);
	lanner_write_string(writer, "message");
	lanner_write_text(writer, text_of(&finding->message));
	if (finding->has_severity) {
		lanner_write_string(writer, "severity");
		lanner_write_string(writer, lanner_severity_name(finding->severity));
	}
	if (finding->events_count > 0) {
		lanner_write_string(writer, "events");
		lanner_write_array(writer, finding->events_count);
		for (size_t at = 0; at < finding->events_count; at++)
			lanner_write_u64(writer, finding->events[at]);
	}
	if (finding->has_process) {
		lanner_write_string(writer, "process");
		lanner_write_u64(writer, finding->process);
	}
	if (finding->has_key) {
		lanner_write_string(writer, "key");
		lanner_write_text(writer, text_of(&finding->key));
	}
	if (finding->facts_count > 0) {
		lanner_write_string(writer, "fields");
		lanner_write_array(writer, finding->facts_count);
		lanner_buffer_add(&writer->bytes, finding->facts.bytes.data, finding->facts.bytes.size);
	}
	lanner_host_emit(writer->bytes.data, writer->bytes.size);
}

void lanner_out_free(lanner_out *out)
{
	lanner_finding *finding = &out->finding;

	lanner_buffer_free(&finding->message);
	lanner_buffer_free(&finding->key);
	lanner_buffer_free(&finding->facts.bytes);
	lanner_buffer_free(&finding->whole.bytes);
	lanner_free(finding->events);
	*finding = (lanner_finding){ 0 };
}
