// What all SDKs agree on: tests/conformance.
#include <lanner/testing.h>

#include "../src/native/memory.h"
#include "../src/networks.h"
#include "rows.h"

/// What a buffer has, freed with the next.
static bool has(lanner_buffer *buffer, lanner_text expected)
{
	bool same = buffer->size == expected.size && memcmp(buffer->data ? buffer->data : "", expected.data, expected.size) == 0;

	lanner_buffer_free(buffer);
	return same;
}

static bool is(lanner_text text, lanner_text expected)
{
	return text.data ? lanner_text_equals(text, expected) : !expected.data;
}

static bool prints(lanner_piece piece, lanner_text expected)
{
	lanner_buffer buffer = { 0 };

	lanner_buffer_print(&buffer, &piece, 1);
	return has(&buffer, expected);
}

static void escape(const row *row)
{
	lanner_buffer buffer = { 0 };

	if (row->fields[0].data) {
		lanner_buffer_add_quoted(&buffer, row->fields[0]);
		CHECK_ROW(row, has(&buffer, row->fields[2]));
		lanner_buffer_add_lossy(&buffer, row->fields[0]);
		CHECK_ROW(row, has(&buffer, row->fields[3]));
	}
	CHECK_ROW(row, prints(LANNER_PIECE(row->fields[0]), row->fields[1]));
}

static void text(const row *row)
{
	lanner_text text = row->fields[0], other = row->fields[1];

	CHECK_ROW(row, lanner_equals(text, other) == yes_of(row, 2));
	CHECK_ROW(row, lanner_starts_with(text, other) == yes_of(row, 3));
	CHECK_ROW(row, lanner_ends_with(text, other) == yes_of(row, 4));
	CHECK_ROW(row, lanner_contains(text, other) == yes_of(row, 5));
	CHECK_ROW(row, lanner_is_under(text, other) == yes_of(row, 6));
}

static void path(const row *row)
{
	CHECK_ROW(row, is(lanner_file_name(row->fields[0]), row->fields[1]));
	CHECK_ROW(row, is(lanner_directory(row->fields[0]), row->fields[2]));
}

static lanner_set set;
static char set_name[64];

static void text_set(const row *row)
{
	static const char *const names[] = { "equals", "starts-with", "ends-with", "contains", "file-name", "glob" };

	if (!lanner_equals(row->fields[0], (const char *)set_name)) {
		lanner_set_clear(&set);
		snprintf(set_name, sizeof set_name, "%s", string_of(row, 0));
	}
	if (lanner_equals(row->fields[1], "text")) {
		CHECK_ROW(row, lanner_set_has(&set, row->fields[2]) == yes_of(row, 3));
		return;
	}
	for (unsigned comparison = 0; comparison < LANNER_COMPARISONS; comparison++) {
		if (lanner_equals(row->fields[1], names[comparison])) {
			CHECK_ROW(row, !lanner_set_add(&set, (enum lanner_comparison)comparison, row->fields[2]));
			return;
		}
	}
	CHECK_ROW(row, !"a comparison");
}

static void glob(const row *row)
{
	CHECK_ROW(row, !lanner_set_add(&set, LANNER_GLOB, row->fields[0]));
	CHECK_ROW(row, lanner_set_has(&set, row->fields[1]) == yes_of(row, 2));
	lanner_set_clear(&set);
}

static void glob_wrong(const row *row)
{
	const char *wrong = lanner_glob_wrong(row->fields[0]);

	CHECK_ROW(row, wrong && lanner_equals(row->fields[1], wrong));
	CHECK_ROW(row, lanner_set_add(&set, LANNER_GLOB, row->fields[0]) == wrong);
}

static void address(const row *row)
{
	lanner_address address = address_of(row, 0), parsed = lanner_address_parse(string_of(row, 1));

	CHECK_ROW(row, prints(LANNER_PIECE(address), row->fields[1]));
	CHECK_ROW(row, lanner_address_equals(address, parsed));
	CHECK_ROW(row, lanner_address_is_public(address) == yes_of(row, 2));
}

static void network(const row *row)
{
	lanner_networks networks = { 0 };
	lanner_text left = row->fields[0];

	while (left.size > 0) {
		size_t end = 0;

		while (end < left.size && left.data[end] != ' ')
			end++;
		CHECK_ROW(row, !lanner_networks_add(&networks, lanner_text_of_bytes(left.data, end)));
		left = end == left.size ? LANNER_TEXT("") : lanner_text_of_bytes(left.data + end + 1, left.size - end - 1);
	}
	CHECK_ROW(row, lanner_networks_have(&networks, address_of(row, 1)) == yes_of(row, 2));
	lanner_networks_clear(&networks);
}

static void network_bits(const row *row)
{
	lanner_network network;
	lanner_address address = address_of(row, 1);

	CHECK_ROW(row, lanner_network_parse(string_of(row, 0), &network));
	CHECK_ROW(row, memcmp(network.address, address.bytes, 16) == 0 && network.bits == number_of(row, 2));
}

static void network_wrong(const row *row)
{
	lanner_networks networks = { 0 };

	CHECK_ROW(row, lanner_networks_add(&networks, row->fields[0]) != NULL);
}

// === Of events and processes, which are fed to a pack that keeps the event ===

static const row *current;
static void (*look)(const lanner_event *event);
static unsigned looked;

static void run(const lanner_event *event, lanner_out *out)
{
	(void)out;
	look(event);
	looked++;
}

static const lanner_pack pack = {
	.name = "vectors",
	.version = "1.0.0",
	.rules = LANNER_RULES({ .id = "vectors/open", .handlers = LANNER_HANDLERS({ .on = LANNER_ON(LANNER_KIND_OPEN), .run = run }) }),
};

/// Feeds an open that is done by a process, of which only what the row says is known.
static void feed(const row *row, uint32_t flags, const char *exe, void (*at)(const lanner_event *event),
		 void (*fill)(lanner_made_process *process))
{
	lanner_test *test = lanner_test_new(&pack);
	lanner_made_process *process = lanner_make_process(test, exe);

	current = row;
	look = at;
	looked = 0;
	if (fill)
		fill(process);
	lanner_test_feed(test, lanner_made_by(lanner_made_flags(lanner_make_open(test, "/"), flags), process));
	CHECK_ROW(row, looked == 1);
	lanner_test_end(test);
}

static void set_text(lanner_made_process *process, unsigned field, lanner_text text)
{
	if (text.data)
		lanner_made_process_set_bytes(process, field, text);
	else
		lanner_made_process_without(process, field);
}

static void set_number(lanner_made_process *process, unsigned field, unsigned column)
{
	if (current->fields[column].data)
		lanner_made_process_set_number(process, field, number_of(current, column));
	else
		lanner_made_process_without(process, field);
}

static void look_open(const lanner_event *event)
{
	CHECK_ROW(current, lanner_open_is_read(event) == yes_of(current, 1));
	CHECK_ROW(current, lanner_open_is_write(event) == yes_of(current, 2));
	CHECK_ROW(current, lanner_open_truncates(event) == yes_of(current, 3));
	CHECK_ROW(current, lanner_open_may_create(event) == yes_of(current, 4));
	CHECK_ROW(current, lanner_open_appends(event) == yes_of(current, 5));
}

static void open_row(const row *row)
{
	feed(row, (uint32_t)number_of(row, 0), NULL, look_open, NULL);
}

static void fill_args(lanner_made_process *process)
{
	set_text(process, LANNER_MADE_FIELD(process.argv), current->fields[0]);
}

static void look_args(const lanner_event *event)
{
	lanner_process process = lanner_event_process(event);
	lanner_strings args = lanner_process_args(process);
	lanner_buffer line = { 0 };
	lanner_piece piece = LANNER_PIECE(lanner_process_command_line(process));
	lanner_text arg;
	unsigned count = 0;

	while (lanner_next_string(&args, &arg)) {
		CHECK_ROW(current, 2 + count < current->count && is(arg, current->fields[2 + count]));
		CHECK_ROW(current, is(lanner_process_arg(process, count), arg));
		count++;
	}
	CHECK_ROW(current, 2 + count == current->count);
	CHECK_ROW(current, !lanner_process_arg(process, count).data);
	lanner_buffer_print(&line, &piece, 1);
	CHECK_ROW(current, has(&line, current->fields[1]));
}

static void args_row(const row *row)
{
	feed(row, 0, NULL, look_args, fill_args);
}

static void fill_env(lanner_made_process *process)
{
	set_text(process, LANNER_MADE_FIELD(process.environment), current->fields[0]);
}

static void look_env(const lanner_event *event)
{
	lanner_process process = lanner_event_process(event);
	const char *name = string_of(current, 1);
	lanner_strings entries = lanner_process_envs(process);
	lanner_text value;
	unsigned count = 0;

	CHECK_ROW(current, is(lanner_process_env(process, name), current->fields[2]));
	while (lanner_next_env(&entries, name, &value)) {
		CHECK_ROW(current, 3 + count < current->count && is(value, current->fields[3 + count]));
		count++;
	}
	CHECK_ROW(current, 3 + count == current->count);
}

static void env_row(const row *row)
{
	feed(row, 0, NULL, look_env, fill_env);
}

static void fill_process(lanner_made_process *process)
{
	set_text(process, LANNER_MADE_FIELD(process.exe), current->fields[0]);
	set_text(process, LANNER_MADE_FIELD(process.comm), current->fields[1]);
	set_text(process, LANNER_MADE_FIELD(process.user), current->fields[2]);
	set_number(process, LANNER_MADE_FIELD(process.pid), 3);
	set_number(process, LANNER_MADE_FIELD(process.uid), 4);
}

static void look_process(const lanner_event *event)
{
	lanner_process process = lanner_event_process(event);

	CHECK_ROW(current, is(lanner_process_name(process), current->fields[5]));
	CHECK_ROW(current, prints(LANNER_PIECE(process), current->fields[6]));
}

static void process_row(const row *row)
{
	feed(row, 0, NULL, look_process, fill_process);
}

static void fill_genuine(lanner_made_process *process)
{
	set_number(process, LANNER_MADE_FIELD(process.flags), 0);
	set_number(process, LANNER_MADE_FIELD(process.exe_uid), 1);
	set_number(process, LANNER_MADE_FIELD(process.user_ns), 2);
}

static void look_genuine(const lanner_event *event)
{
	CHECK_ROW(current, lanner_process_exe_is_genuine(lanner_event_process(event)) == yes_of(current, 3));
}

static void genuine_row(const row *row)
{
	feed(row, 0, NULL, look_genuine, fill_genuine);
}

int main(int count, char **arguments)
{
	if (count > 1)
		test_folder = arguments[1];
	each_row("conformance/escape.tsv", escape);
	each_row("conformance/text.tsv", text);
	each_row("conformance/path.tsv", path);
	each_row("conformance/text-set.tsv", text_set);
	lanner_set_clear(&set);
	each_row("conformance/glob.tsv", glob);
	each_row("conformance/glob-wrong.tsv", glob_wrong);
	each_row("conformance/address.tsv", address);
	each_row("conformance/network.tsv", network);
	each_row("conformance/network-bits.tsv", network_bits);
	each_row("conformance/network-wrong.tsv", network_wrong);
	each_row("conformance/open.tsv", open_row);
	each_row("conformance/args.tsv", args_row);
	each_row("conformance/env.tsv", env_row);
	each_row("conformance/process.tsv", process_row);
	each_row("conformance/genuine.tsv", genuine_row);
	lanner_memory_take_back();
	return 0;
}
