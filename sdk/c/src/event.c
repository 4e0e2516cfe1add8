#include <lanner/event.h>

#include "tables.h"

enum {
	OPEN_ACCMODE = 03,
	OPEN_WRONLY = 01,
	OPEN_RDWR = 02,
	OPEN_CREAT = 0100,
	OPEN_TRUNC = 01000,
	OPEN_APPEND = 02000,
	// Gives a handle to a path, by which nothing can be read or written.
	OPEN_PATH = 010000000,
};

const char *lanner_kind_name(unsigned kind)
{
	unsigned index = kind < LANNER_KINDS ? lanner_kind_records[kind] : 0;

	return index ? lanner_records[index].name : NULL;
}

// === Processes ===

lanner_text lanner_process_name(lanner_process process)
{
	lanner_text name = lanner_file_name(lanner_process_exe(process));

	return name.size > 0 ? name : lanner_process_comm(process);
}

lanner_text lanner_process_exe_or_comm(lanner_process process)
{
	lanner_text exe = lanner_process_exe(process);

	return exe.data ? exe : lanner_process_comm(process);
}

lanner_ancestors lanner_process_ancestors(lanner_process process)
{
	lanner_ancestors ancestors = { lanner_process_parent(process), 0 };

	if (ancestors.next.record.frame)
		ancestors.left = ancestors.next.record.frame->sections[LANNER_RECORD_PROCESS].count;
	return ancestors;
}

bool lanner_next_ancestor(lanner_ancestors *ancestors, lanner_process *ancestor)
{
	if (ancestors->left == 0 || !lanner_process_is_known(ancestors->next))
		return false;
	*ancestor = ancestors->next;
	ancestors->left--;
	ancestors->next = lanner_process_parent(*ancestor);
	return true;
}

bool lanner_next_string(lanner_strings *strings, lanner_text *string)
{
	lanner_text *rest = &strings->rest;
	size_t end = 0;

	if (rest->size == 0)
		return false;
	while (end < rest->size && rest->data[end] != '\0')
		end++;
	string->data = rest->data;
	string->size = end;
	// The last one may have been cut off before its NUL.
	if (end < rest->size)
		end++;
	rest->data += end;
	rest->size -= end;
	return true;
}

lanner_text lanner_process_arg(lanner_process process, unsigned number)
{
	lanner_strings args = lanner_process_args(process);
	lanner_text arg, none = { NULL, 0 };

	while (lanner_next_string(&args, &arg)) {
		if (number-- == 0)
			return arg;
	}
	return none;
}

bool lanner_next_env(lanner_strings *entries, const char *name, lanner_text *value)
{
	lanner_text begin = lanner_text_of(name), entry;

	while (lanner_next_string(entries, &entry)) {
		if (lanner_text_starts_with(entry, begin) && entry.size > begin.size && entry.data[begin.size] == '=') {
			value->data = entry.data + begin.size + 1;
			value->size = entry.size - begin.size - 1;
			return true;
		}
	}
	return false;
}

lanner_text lanner_process_env(lanner_process process, const char *name)
{
	lanner_strings entries = lanner_process_envs(process);
	lanner_text value = { NULL, 0 };

	lanner_next_env(&entries, name, &value);
	return value;
}

bool lanner_process_exe_is_genuine(lanner_process process)
{
	// The host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h).
	const uint32_t first_user_namespace = 0xeffffffd;
	const uint32_t forged = LANNER_PROCESS_EXE_DELETED | LANNER_PROCESS_EXE_MEMFD | LANNER_PROCESS_EXE_WRITABLE |
				LANNER_PROCESS_EXE_UNREACHABLE | LANNER_PROCESS_EXE_FOREIGN;

	return (lanner_process_flags(process) & forged) == 0 && lanner_or(lanner_process_exe_uid(process), 0) == 0 &&
	       lanner_or(lanner_process_user_ns(process), first_user_namespace) == first_user_namespace;
}

lanner_text lanner_labels_find(lanner_list labels, const char *name)
{
	lanner_text none = { NULL, 0 };

	for (uint32_t place = 0; place < labels.rows.count; place++) {
		lanner_label label = lanner_label_at(&labels, place);

		if (lanner_text_equals(lanner_label_name(label), lanner_text_of(name)))
			return lanner_label_value(label);
	}
	return none;
}

// === Opens ===

/// Whether it is an open by which something can be read or written.
static bool opens_content(const lanner_event *event)
{
	return event->kind == LANNER_KIND_OPEN && (lanner_open_flags(event) & OPEN_PATH) == 0;
}

bool lanner_open_is_read(const lanner_event *event)
{
	return opens_content(event) && (lanner_open_flags(event) & OPEN_ACCMODE) != OPEN_WRONLY;
}

bool lanner_open_is_write(const lanner_event *event)
{
	uint32_t access = lanner_open_flags(event) & OPEN_ACCMODE;

	return opens_content(event) && (access == OPEN_WRONLY || access == OPEN_RDWR);
}

bool lanner_open_truncates(const lanner_event *event)
{
	return opens_content(event) && (lanner_open_flags(event) & OPEN_TRUNC) != 0;
}

bool lanner_open_may_create(const lanner_event *event)
{
	return opens_content(event) && (lanner_open_flags(event) & OPEN_CREAT) != 0;
}

bool lanner_open_appends(const lanner_event *event)
{
	return lanner_open_is_write(event) && (lanner_open_flags(event) & OPEN_APPEND) != 0;
}

// === Connects ===

bool lanner_connect_is_in_progress(const lanner_event *event)
{
	const int64_t under_way = -115; // EINPROGRESS.
	lanner_i64 result = lanner_event_result(event);

	return event->kind == LANNER_KIND_CONNECT && result.known && result.value == under_way;
}
