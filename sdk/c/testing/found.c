#include "found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FACTS 64

/// A finding, and all that belongs to it.
typedef struct kept {
	lanner_found found;
	uint64_t *events;
	lanner_found_fact facts[MAX_FACTS];
	char **texts;
	size_t texts_count;
} kept;

static _Noreturn void wrong(const char *what)
{
	fprintf(stderr, "a host would not take a finding: %s\n", what);
	abort();
}

static const char *keep(kept *kept, lanner_text text)
{
	char *copy = calloc(1, text.size + 1);

	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	kept->texts = realloc(kept->texts, (kept->texts_count + 1) * sizeof *kept->texts);
	kept->texts[kept->texts_count++] = copy;
	return copy;
}

static enum lanner_severity severity_of(lanner_text name)
{
	static const struct {
		const char *name;
		enum lanner_severity severity;
	} all[] = { { "info", LANNER_INFO },
		    { "low", LANNER_LOW },
		    { "medium", LANNER_MEDIUM },
		    { "high", LANNER_HIGH },
		    { "critical", LANNER_CRITICAL } };

	for (size_t at = 0; at < sizeof all / sizeof all[0]; at++) {
		if (lanner_equals(name, all[at].name))
			return all[at].severity;
	}
	wrong("there is no such severity");
}

static const char *show(lanner_reader *reader, lanner_buffer *shown, lanner_text *as_is);

/// A fact that says what it is.
static const char *show_named(lanner_reader *reader, lanner_buffer *shown, lanner_text *as_is)
{
	lanner_items items = lanner_read_array(reader);
	lanner_text type, bytes;

	if (!lanner_next_item(reader, &items))
		return "nothing";
	type = lanner_read_text_item(reader);
	if (lanner_equals(type, "list")) {
		lanner_buffer_add(shown, "[", 1);
		for (bool another = false; lanner_next_item(reader, &items); another = true) {
			if (another)
				lanner_buffer_add(shown, ", ", 2);
			show(reader, shown, as_is);
		}
		lanner_buffer_add(shown, "]", 1);
		return "list";
	}
	if (!lanner_next_item(reader, &items))
		return "nothing";
	if (lanner_equals(type, "process")) {
		lanner_piece image = LANNER_PIECE(lanner_read_u64_item(reader));

		lanner_buffer_print(shown, &image, 1);
		return "process";
	}
	bytes = lanner_read_text_item(reader);
	if (lanner_equals(type, "path")) {
		lanner_buffer_add_escaped(shown, bytes);
		*as_is = bytes;
		return "path";
	}
	if (lanner_equals(type, "address") && (bytes.size == 4 || bytes.size == 16)) {
		lanner_address address = { true, { [10] = 0xff, [11] = 0xff } };
		lanner_piece piece;

		memcpy(address.bytes + 16 - bytes.size, bytes.data, bytes.size);
		piece = LANNER_PIECE(address);
		lanner_buffer_print(shown, &piece, 1);
		return "address";
	}
	wrong("there is no such fact");
}

/// Shows a fact; gives what it is.
static const char *show(lanner_reader *reader, lanner_buffer *shown, lanner_text *as_is)
{
	lanner_piece piece;
	lanner_text text;
	const char *type = "number";

	switch (lanner_reader_next(reader)) {
	case LANNER_CBOR_TEXT:
		text = lanner_read_text_item(reader);
		lanner_buffer_add(shown, text.data, text.size);
		*as_is = text;
		return "text";
	case LANNER_CBOR_UNSIGNED:
		piece = LANNER_PIECE(lanner_read_u64_item(reader));
		break;
	case LANNER_CBOR_NEGATIVE:
		piece = LANNER_PIECE(lanner_read_i64_item(reader));
		break;
	case LANNER_CBOR_BOOL:
		piece = LANNER_PIECE((bool)lanner_read_bool_item(reader));
		type = "bool";
		break;
	case LANNER_CBOR_FLOAT:
		piece = LANNER_PIECE(lanner_read_float_item(reader));
		type = "float";
		break;
	case LANNER_CBOR_ARRAY:
		return show_named(reader, shown, as_is);
	default:
		wrong("there is no such fact");
	}
	lanner_buffer_print(shown, &piece, 1);
	return type;
}

static void read_facts(kept *kept, lanner_reader *reader)
{
	lanner_items items = lanner_read_array(reader);

	while (lanner_next_item(reader, &items)) {
		lanner_items pair = lanner_read_array(reader);
		lanner_found_fact *fact = &kept->facts[kept->found.facts_count++];
		lanner_buffer shown = { 0 };
		lanner_text as_is = { NULL, 0 };

		if (kept->found.facts_count > MAX_FACTS)
			wrong("it has too many facts");
		if (!lanner_next_item(reader, &pair))
			break;
		fact->name = keep(kept, lanner_read_text_item(reader));
		if (!lanner_next_item(reader, &pair))
			break;
		fact->type = show(reader, &shown, &as_is);
		if (as_is.data)
			fact->bytes = lanner_text_of_bytes(keep(kept, as_is), as_is.size);
		fact->shown = keep(kept, lanner_text_of_bytes(shown.data, shown.size));
		lanner_buffer_free(&shown);
		if (lanner_next_item(reader, &pair))
			wrong("a fact is not a name and a value");
	}
}

static void read_events(kept *kept, lanner_reader *reader)
{
	lanner_items items = lanner_read_array(reader);

	while (lanner_next_item(reader, &items)) {
		kept->events = realloc(kept->events, (kept->found.events_count + 1) * sizeof *kept->events);
		kept->events[kept->found.events_count++] = lanner_read_u64_item(reader);
	}
}

void lanner_findings_add(lanner_findings *findings, const lanner_pack *pack, const void *finding, size_t size)
{
	lanner_reader reader = lanner_reader_of(finding, size);
	lanner_items keys = lanner_read_map(&reader);
	kept *kept = calloc(1, sizeof *kept);
	lanner_found *found = &kept->found;
	bool has_severity = false;
	uint64_t rule = 0;

	while (lanner_next_item(&reader, &keys)) {
		lanner_text key = lanner_read_text_item(&reader);

		if (lanner_equals(key, "rule")) {
			rule = lanner_read_u64_item(&reader);
		} else if (lanner_equals(key, "message")) {
			found->message = keep(kept, lanner_read_text_item(&reader));
		} else if (lanner_equals(key, "severity")) {
			found->severity = severity_of(lanner_read_text_item(&reader));
			has_severity = true;
		} else if (lanner_equals(key, "events")) {
			read_events(kept, &reader);
		} else if (lanner_equals(key, "process")) {
			found->process = lanner_read_u64_item(&reader);
		} else if (lanner_equals(key, "key")) {
			found->key = keep(kept, lanner_read_text_item(&reader));
		} else if (lanner_equals(key, "fields")) {
			read_facts(kept, &reader);
		} else {
			wrong("it has a key that is not known");
		}
	}
	if (reader.wrong || reader.at != reader.end || !found->message)
		wrong("it is not what docs/contract.md says");
	found->rule = pack->rules[rule].id;
	if (!has_severity)
		found->severity = pack->rules[rule].severity;
	found->events = kept->events;
	found->facts = kept->facts;
	findings->at = realloc(findings->at, (findings->count + 1) * sizeof *findings->at);
	findings->at[findings->count++] = found;
}

void lanner_findings_free(lanner_findings *findings)
{
	for (size_t at = 0; at < findings->count; at++) {
		kept *freed = (kept *)findings->at[at];

		for (size_t text = 0; text < freed->texts_count; text++)
			free(freed->texts[text]);
		free(freed->texts);
		free(freed->events);
		free(freed);
	}
	free(findings->at);
	*findings = (lanner_findings){ NULL, 0 };
}

const char *lanner_found_fact_of(const lanner_found *found, const char *name)
{
	for (size_t at = 0; at < found->facts_count; at++) {
		if (strcmp(found->facts[at].name, name) == 0)
			return found->facts[at].shown;
	}
	return NULL;
}
