#include "made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(field) offsetof(struct lanner_fields, field)

/// Pids and ids of processes; no two processes share one.
static uint32_t next_pid = 1000;

static _Noreturn void wrong(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

lanner_made_record lanner_made_record_new(lanner_test *test, unsigned index)
{
	size_t size = lanner_records[index].count * sizeof(lanner_made_value);
	lanner_made_record record = { test, index, lanner_test_alloc(test, size) };

	memset(record.values, 0, size);
	return record;
}

/// The value of a field of the record's own.
static lanner_made_value *value_of(lanner_made_record *record, unsigned field)
{
	for (uint32_t at = 0; at < lanner_owners_count; at++) {
		const lanner_owner *owner = &lanner_owners[at];

		if (owner->record == record->index && owner->of != LANNER_OF_NAMED && field >= owner->first &&
		    field - owner->first < lanner_records[record->index].count) {
			lanner_made_value *value = &record->values[field - owner->first];

			value->said = true;
			return value;
		}
	}
	wrong("a test sets a field that is not one of the record's");
}

static unsigned holds_of(const lanner_made_record *record, const lanner_made_value *value)
{
	return lanner_records[record->index].places[value - record->values].holds;
}

static void set_number(lanner_made_record *record, unsigned field, uint64_t number)
{
	lanner_made_value *value = value_of(record, field);

	if (holds_of(record, value) > LANNER_HOLDS_BOOL)
		wrong("a test sets a field to a number that holds none");
	value->known = true;
	value->number = number;
}

static void set_bytes(lanner_made_record *record, unsigned field, lanner_text bytes)
{
	lanner_made_value *value = value_of(record, field);
	unsigned holds = holds_of(record, value);

	if (holds != LANNER_HOLDS_TEXT && (holds != LANNER_HOLDS_ADDRESS || bytes.size != 16))
		wrong("a test sets a field to bytes that holds none");
	value->known = true;
	value->bytes = lanner_text_of_bytes(lanner_test_copy(record->test, bytes), bytes.size);
}

static void forget(lanner_made_record *record, unsigned field)
{
	value_of(record, field)->known = false;
}

// === Processes ===

lanner_made_process *lanner_make_process(lanner_test *test, const char *exe)
{
	lanner_made_process *process = lanner_test_alloc(test, sizeof *process);
	lanner_made_record *record = &process->record;
	uint32_t number = next_pid++;

	*process = (lanner_made_process){ lanner_made_record_new(test, LANNER_RECORD_PROCESS), NULL, NULL };
	set_number(record, FIELD(process.id), number);
	set_number(record, FIELD(process.image), (uint64_t)number << 32);
	set_number(record, FIELD(process.pid), number);
	set_number(record, FIELD(process.ns_pid), number);
	set_number(record, FIELD(process.start), LANNER_TEST_BEGINNING);
	set_number(record, FIELD(process.image_start), LANNER_TEST_BEGINNING);
	set_number(record, FIELD(process.flags), 0);
	set_number(record, FIELD(process.exe_mode), 0100755);
	// ext4's.
	set_number(record, FIELD(process.exe_fs), 0xef53);
	set_bytes(record, FIELD(process.cwd), LANNER_TEXT("/"));
	lanner_made_user(process, 0, "root");
	set_number(record, FIELD(process.gid), 0);
	set_number(record, FIELD(process.egid), 0);
	if (exe)
		set_bytes(record, FIELD(process.exe), lanner_text_of(exe));
	return process;
}

lanner_made_process *lanner_made_child_of(lanner_made_process *process, lanner_made_process *parent)
{
	process->parent = parent;
	set_number(&process->record, FIELD(process.ppid), lanner_made_pid(parent));
	return process;
}

lanner_made_process *lanner_made_args(lanner_made_process *process, const char *const *args)
{
	lanner_buffer argv = { 0 };

	for (; *args; args++)
		lanner_buffer_add(&argv, *args, strlen(*args) + 1);
	set_bytes(&process->record, FIELD(process.argv), lanner_text_of_bytes(argv.data, argv.size));
	lanner_buffer_free(&argv);
	return process;
}

lanner_made_process *lanner_made_comm(lanner_made_process *process, const char *comm)
{
	set_bytes(&process->record, FIELD(process.comm), lanner_text_of(comm));
	return process;
}

lanner_made_process *lanner_made_user(lanner_made_process *process, uint32_t uid, const char *name)
{
	set_number(&process->record, FIELD(process.uid), uid);
	set_number(&process->record, FIELD(process.euid), uid);
	set_number(&process->record, FIELD(process.suid), uid);
	if (name)
		set_bytes(&process->record, FIELD(process.user), lanner_text_of(name));
	else
		forget(&process->record, FIELD(process.user));
	return process;
}

lanner_made_process *lanner_made_in(lanner_made_process *process, lanner_made_container *container)
{
	process->container = container;
	return process;
}

lanner_made_process *lanner_made_after_exec(lanner_made_process *process, const char *exe)
{
	lanner_made_process *after = lanner_test_alloc(process->record.test, sizeof *after);
	size_t size = lanner_records[LANNER_RECORD_PROCESS].count * sizeof(lanner_made_value);

	*after = *process;
	after->record = lanner_made_record_new(process->record.test, LANNER_RECORD_PROCESS);
	memcpy(after->record.values, process->record.values, size);
	set_number(&after->record, FIELD(process.image), lanner_made_image(process) + 1);
	set_bytes(&after->record, FIELD(process.exe), lanner_text_of(exe));
	return after;
}

uint64_t lanner_made_image(const lanner_made_process *process)
{
	return process->record.values[FIELD(process.image) - FIELD(process)].number;
}

uint32_t lanner_made_pid(const lanner_made_process *process)
{
	return (uint32_t)process->record.values[FIELD(process.pid) - FIELD(process)].number;
}

lanner_made_process *lanner_made_process_set_number(lanner_made_process *process, unsigned field, uint64_t number)
{
	set_number(&process->record, field, number);
	return process;
}

lanner_made_process *lanner_made_process_set_bytes(lanner_made_process *process, unsigned field, lanner_text bytes)
{
	set_bytes(&process->record, field, bytes);
	return process;
}

lanner_made_process *lanner_made_process_without(lanner_made_process *process, unsigned field)
{
	forget(&process->record, field);
	return process;
}

lanner_made_container *lanner_make_container(lanner_test *test, const char *id, const char *name, const char *image)
{
	lanner_made_container *container = lanner_test_alloc(test, sizeof *container);

	*container = (lanner_made_container){ lanner_made_record_new(test, LANNER_RECORD_CONTAINER), NULL, 0 };
	set_bytes(&container->record, FIELD(container.id), lanner_text_of(id));
	if (name)
		set_bytes(&container->record, FIELD(container.name), lanner_text_of(name));
	if (image)
		set_bytes(&container->record, FIELD(container.image), lanner_text_of(image));
	return container;
}

lanner_made_container *lanner_made_label(lanner_made_container *container, const char *name, const char *value)
{
	lanner_test *test = container->record.test;
	size_t count = container->labels_count;
	const char **labels = lanner_test_alloc(test, (count + 1) * 2 * sizeof *labels);

	if (count > 0)
		memcpy(labels, container->labels, count * 2 * sizeof *labels);
	labels[2 * count] = lanner_test_copy(test, lanner_text_of(name));
	labels[2 * count + 1] = lanner_test_copy(test, lanner_text_of(value));
	container->labels = labels;
	container->labels_count = count + 1;
	return container;
}

// === Events ===

lanner_made_event *lanner_make_event(lanner_test *test, enum lanner_kind kind)
{
	lanner_made_event *event = lanner_test_alloc(test, sizeof *event);
	unsigned index = lanner_kind_records[kind];

	*event = (lanner_made_event){ .record = lanner_made_record_new(test, index), .kind = kind, .later = 1000000 };
	for (unsigned field = 0; field < lanner_records[index].count; field++) {
		const lanner_field_name *name = &lanner_field_names[index][field];
		lanner_made_value *value = &event->record.values[field];

		value->known = name->always && lanner_records[index].places[field].holds != LANNER_HOLDS_ROW;
		value->bytes = LANNER_TEXT("");
		// A regular file.
		if (strcmp(name->name, "file_mode") == 0)
			*value = (lanner_made_value){ .known = true, .number = 0100644 };
	}
	return event;
}

lanner_made_event *lanner_make_exec(lanner_test *test, lanner_made_process *image)
{
	lanner_made_event *event = lanner_make_event(test, LANNER_KIND_EXEC);
	const lanner_made_value *exe = &image->record.values[FIELD(process.exe) - FIELD(process)];
	// What it was before: a fork of its parent, or where that is not known, of nobody.
	const char *forked = NULL;
	lanner_made_process *before;

	if (image->parent) {
		const lanner_made_value *of = &image->parent->record.values[FIELD(process.exe) - FIELD(process)];

		forked = of->known ? of->bytes.data : NULL;
	}
	before = lanner_make_process(test, forked);
	before->parent = image->parent;
	before->container = image->container;
	set_number(&before->record, FIELD(process.id), image->record.values[0].number);
	set_number(&before->record, FIELD(process.image), lanner_made_image(image) - 1);
	set_number(&before->record, FIELD(process.pid), lanner_made_pid(image));
	event->by = before;
	if (exe->known)
		set_bytes(&event->record, FIELD(exec.filename), exe->bytes);
	return lanner_made_set_process(event, FIELD(exec.image_row), image);
}

lanner_made_event *lanner_make_fork(lanner_test *test, lanner_made_process *child)
{
	lanner_made_event *event = lanner_make_event(test, LANNER_KIND_FORK);

	set_number(&event->record, FIELD(fork.child_pid), lanner_made_pid(child));
	set_number(&event->record, FIELD(fork.child_ns_pid), lanner_made_pid(child));
	if (child->parent)
		event->by = child->parent;
	return lanner_made_set_process(event, FIELD(fork.child_row), child);
}

static lanner_made_event *connect_of(lanner_test *test, unsigned family)
{
	lanner_made_event *event = lanner_make_event(test, LANNER_KIND_CONNECT);

	set_number(&event->record, FIELD(connect.family), family);
	set_number(&event->record, FIELD(connect.socket_type), 1);
	set_number(&event->record, FIELD(connect.fd), 3);
	return event;
}

lanner_made_event *lanner_make_connect(lanner_test *test, const char *peer)
{
	const char *colon = strrchr(peer, ':'), *from = peer + (*peer == '['), *to = colon;
	lanner_made_event *event;
	lanner_address address;

	if (!colon || (*peer == '[' && *--to != ']'))
		wrong("a test connects to what is not an address and port");
	address = lanner_address_parse(lanner_test_copy(test, lanner_text_of_bytes(from, (size_t)(to - from))));
	event = connect_of(test, lanner_address_is_v4(address) ? 2 : 10);
	if (!address.known)
		wrong("a test connects to what is not an address and port");
	set_bytes(&event->record, FIELD(connect.address), lanner_text_of_bytes(address.bytes, 16));
	set_number(&event->record, FIELD(connect.port), (uint64_t)atoi(colon + 1));
	set_number(&event->record, FIELD(connect.protocol), 6);
	return event;
}

lanner_made_event *lanner_make_connect_unix(lanner_test *test, const char *path)
{
	return lanner_made_set_text(connect_of(test, 1), FIELD(connect.unix_path), path);
}

lanner_made_event *lanner_made_by(lanner_made_event *event, lanner_made_process *process)
{
	event->by = process;
	return event;
}

lanner_made_event *lanner_made_later(lanner_made_event *event, uint64_t ns)
{
	event->later = ns;
	return event;
}

lanner_made_event *lanner_made_failed(lanner_made_event *event, int errno_value)
{
	event->result = -errno_value;
	event->flags |= LANNER_EVENT_FAILED;
	return event;
}

lanner_made_event *lanner_made_returned(lanner_made_event *event, int64_t result)
{
	event->result = result;
	return event;
}

lanner_made_event *lanner_made_flags(lanner_made_event *event, uint32_t flags)
{
	return lanner_made_set_number(event, FIELD(open.flags), flags);
}

lanner_made_event *lanner_made_write(lanner_made_event *event)
{
	// O_WRONLY and O_CREAT.
	return lanner_made_flags(event, 01 | 0100);
}

lanner_made_event *lanner_made_set_number(lanner_made_event *event, unsigned field, uint64_t number)
{
	set_number(&event->record, field, number);
	return event;
}

lanner_made_event *lanner_made_set_text(lanner_made_event *event, unsigned field, const char *text)
{
	return lanner_made_set_bytes(event, field, lanner_text_of(text));
}

lanner_made_event *lanner_made_set_bytes(lanner_made_event *event, unsigned field, lanner_text bytes)
{
	set_bytes(&event->record, field, bytes);
	return event;
}

lanner_made_event *lanner_made_set_address(lanner_made_event *event, unsigned field, const char *written)
{
	lanner_address address = lanner_address_parse(written);

	if (!address.known)
		wrong("a test sets a field to an address that is none");
	return lanner_made_set_bytes(event, field, lanner_text_of_bytes(address.bytes, 16));
}

lanner_made_event *lanner_made_set_process(lanner_made_event *event, unsigned field, lanner_made_process *process)
{
	lanner_made_value *value = value_of(&event->record, field);

	if (holds_of(&event->record, value) != LANNER_HOLDS_ROW)
		wrong("a test names a process by a field that names none");
	value->known = true;
	value->process = process;
	return event;
}

lanner_made_event *lanner_made_without(lanner_made_event *event, unsigned field)
{
	forget(&event->record, field);
	return event;
}
