/// @file
/// What rules ask of events, processes and addresses, beyond their bare fields.
#pragma once

#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

// === Events ===

/// The number of the event's kind: one of `enum lanner_kind`, or one that this SDK does not know.
LANNER_INLINE uint16_t lanner_event_kind_number(const lanner_event *event)
{
	return event->kind;
}

/// The name of a kind, as it stands in subscriptions; NULL for one that this SDK does not know.
const char *lanner_kind_name(unsigned kind);

/// The process that a finding about this event is about: for an exec the image that begins.
LANNER_INLINE lanner_process lanner_event_subject(const lanner_event *event)
{
	return event->kind == LANNER_KIND_EXEC ? lanner_exec_image(event) : lanner_event_process(event);
}

/// Whether the call failed; `lanner_event_result` says how.
LANNER_INLINE bool lanner_event_failed(const lanner_event *event)
{
	return (lanner_event_flags(event) & LANNER_EVENT_FAILED) != 0;
}

/// Whether a text of it is longer than what was recorded.
LANNER_INLINE bool lanner_event_is_truncated(const lanner_event *event)
{
	return (lanner_event_flags(event) & LANNER_EVENT_TRUNCATED) != 0;
}

/// Whether something about it could not be read.
LANNER_INLINE bool lanner_event_is_partial(const lanner_event *event)
{
	return (lanner_event_flags(event) & LANNER_EVENT_PARTIAL) != 0;
}

/// Whether the path or address is what the caller passed, not what the kernel resolved: it could have changed meanwhile.
LANNER_INLINE bool lanner_event_is_unresolved(const lanner_event *event)
{
	return (lanner_event_flags(event) & LANNER_EVENT_UNRESOLVED) != 0;
}

/// Whether it was handed to io_uring, and what came of it is not known: its result says nothing.
LANNER_INLINE bool lanner_event_is_submitted(const lanner_event *event)
{
	return (lanner_event_flags(event) & LANNER_EVENT_SUBMITTED) != 0;
}

// === Processes ===

/// Whether the frame has it. Of a process that it does not have, nothing is known.
LANNER_INLINE bool lanner_process_is_known(lanner_process process)
{
	return process.record.size > 0;
}

/// What it is called: the file name of its executable, or where there is none the kernel's short name.
lanner_text lanner_process_name(lanner_process process);

/// Its executable's path; where that is not known the kernel's short name: what a message calls it by.
lanner_text lanner_process_exe_or_comm(lanner_process process);

/// Whether it acts as root.
LANNER_INLINE bool lanner_process_is_root(lanner_process process)
{
	return lanner_process_is_known(process) && lanner_process_euid(process) == 0;
}

/// The ancestors of a process, nearest first: `lanner_process it; LANNER_EACH_ANCESTOR(it, process) { … }`.
#define LANNER_EACH_ANCESTOR(it, process)                                                                              \
	for (lanner_ancestors it##_ancestors = lanner_process_ancestors(process);                                      \
	     lanner_next_ancestor(&it##_ancestors, &(it));)

/// How far a walk up the ancestors has come.
typedef struct lanner_ancestors {
	lanner_process next;
	/// Ends a line that leads back to itself: it has more steps than there are processes.
	uint32_t left;
} lanner_ancestors;

/// Its parent, the parent's parent, and so on.
lanner_ancestors lanner_process_ancestors(lanner_process process);

/// Goes to the next ancestor, where there is one.
bool lanner_next_ancestor(lanner_ancestors *ancestors, lanner_process *ancestor);

/// Texts of which each is ended by a NUL: what is left of them.
typedef struct lanner_strings {
	lanner_text rest;
} lanner_strings;

/// The arguments, the program's name first.
LANNER_INLINE lanner_strings lanner_process_args(lanner_process process)
{
	lanner_strings args = { lanner_process_argv(process) };

	return args;
}

/// Goes to the next of the texts, where there is one.
bool lanner_next_string(lanner_strings *strings, lanner_text *string);

/// The argument of this number, from 0; unknown where there is none.
lanner_text lanner_process_arg(lanner_process process, unsigned number);

/// What an entry of the environment is set to that the image began with. Unknown where it is not set, and where no filter
/// asks for it by its name: there are secrets among the others. Of several entries the first, as getenv takes it.
lanner_text lanner_process_env(lanner_process process, const char *name);

/// All entries of the environment that are known, of which programs take the first of a name (getenv) or the last, as the dynamic
/// linker does: `lanner_next_env` goes through those of one name.
LANNER_INLINE lanner_strings lanner_process_envs(lanner_process process)
{
	lanner_strings entries = { lanner_process_environment(process) };

	return entries;
}

/// Goes to the next entry of this name, where there is one: to what it is set to.
bool lanner_next_env(lanner_strings *entries, const char *name, lanner_text *value);

/// The arguments in one line, an empty one where they are not known: a piece of messages and keys (print.h).
typedef struct lanner_command_line {
	lanner_text argv;
} lanner_command_line;

LANNER_INLINE lanner_command_line lanner_process_command_line(lanner_process process)
{
	lanner_command_line line = { lanner_process_argv(process) };

	return line;
}

LANNER_INLINE bool lanner_process_has(lanner_process process, uint32_t flag)
{
	return (lanner_process_flags(process) & flag) != 0;
}

/// Whether the executable lies on the upper layer of an overlay: it was written after the container began.
LANNER_INLINE bool lanner_process_is_upper(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_EXE_UPPER);
}

/// Whether the executable is an anonymous memory file.
LANNER_INLINE bool lanner_process_is_memfd(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_EXE_MEMFD);
}

/// Whether the executable had been deleted when it was run.
LANNER_INLINE bool lanner_process_is_deleted(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_EXE_DELETED);
}

/// Whether the executable is setuid or setgid.
LANNER_INLINE bool lanner_process_is_setuid(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_EXE_SETUID);
}

/// Whether the executable is writable by its group or by everybody.
LANNER_INLINE bool lanner_process_is_writable(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_EXE_WRITABLE);
}

/// Whether not all of it is known: its exec was lost or came before the host.
LANNER_INLINE bool lanner_process_is_partial(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_PARTIAL);
}

/// Whether it is a thread of the kernel.
LANNER_INLINE bool lanner_process_is_kernel_thread(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_KERNEL_THREAD);
}

/// Whether the host's own self-test started it.
LANNER_INLINE bool lanner_process_is_self_test(lanner_process process)
{
	return lanner_process_has(process, LANNER_PROCESS_SELF_TEST);
}

/// Whether the executable is what its path says, as far as the kernel tells: it lies at that path in the process's own mount
/// namespace, belongs to root, and nobody else may write it; and the process is in the host's user namespace, as in another
/// one anybody may have mounted what he likes at that path. What is not known does not count against it. A path alone can be
/// forged: ask this of a process before you trust it by its path.
bool lanner_process_exe_is_genuine(lanner_process process);

/// The container of a row, and one that may not be known.
LANNER_INLINE bool lanner_container_is_known(lanner_container container)
{
	return container.record.size > 0;
}

/// A label of a list, by its place, which is less than `list->rows.count`.
LANNER_INLINE lanner_label lanner_label_at(const lanner_list *list, uint32_t place)
{
	lanner_label label = { lanner_list_row(list, place) };

	return label;
}

/// A mount of a list, by its place, which is less than `list->rows.count`.
LANNER_INLINE lanner_container_mount lanner_container_mount_at(const lanner_list *list, uint32_t place)
{
	lanner_container_mount mount = { lanner_list_row(list, place) };

	return mount;
}

/// The value of the label of this name; unknown where there is none.
lanner_text lanner_labels_find(lanner_list labels, const char *name);

// === Opens. The flags are those of open(2), the same numbers on all machines that Lanner runs on ===

/// Whether it may read, or would have, where it failed.
bool lanner_open_is_read(const lanner_event *event);

/// Whether it may write, or would have, where it failed.
bool lanner_open_is_write(const lanner_event *event);

/// Whether what was in the file is gone (O_TRUNC).
bool lanner_open_truncates(const lanner_event *event);

/// Whether it may create the file (O_CREAT). Whether it did says `lanner_open_created`.
bool lanner_open_may_create(const lanner_event *event);

/// Whether it writes at the end only (O_APPEND).
bool lanner_open_appends(const lanner_event *event);

// === Execs ===

/// Whether standard input is an internet socket.
LANNER_INLINE bool lanner_exec_stdin_is_socket(const lanner_event *event)
{
	return (lanner_exec_stdio(event) & LANNER_STDIO_STDIN_SOCKET) != 0;
}

/// Whether standard output is an internet socket.
LANNER_INLINE bool lanner_exec_stdout_is_socket(const lanner_event *event)
{
	return (lanner_exec_stdio(event) & LANNER_STDIO_STDOUT_SOCKET) != 0;
}

// === Addresses, and connects ===

/// Reads an address as people write it, `192.0.2.1` or `2001:db8::1`; an unknown one where it is none.
lanner_address lanner_address_parse(const char *written);

/// Whether both are known, and the same.
bool lanner_address_equals(lanner_address address, lanner_address other);

/// Whether it is an IPv4 address.
bool lanner_address_is_v4(lanner_address address);

/// Whether it is one of the internet at large: not private, shared (carrier-grade NAT), loopback, link-local, multicast, for
/// documentation or benchmarks, or reserved (the special-purpose registries of IANA).
bool lanner_address_is_public(lanner_address address);

/// Bytes that an address takes, written, with a NUL.
#define LANNER_ADDRESS_SIZE 46

/// Writes it as people do, IPv6 as RFC 5952 says; `?` where it is not known. Gives how many bytes it wrote before the NUL.
size_t lanner_address_write(lanner_address address, char written[LANNER_ADDRESS_SIZE]);

/// Whether the peer has an internet address (IPv4 or IPv6).
LANNER_INLINE bool lanner_connect_is_internet(const lanner_event *event)
{
	return lanner_connect_family(event) == 2 || lanner_connect_family(event) == 10;
}

/// Whether the peer is a unix socket.
LANNER_INLINE bool lanner_connect_is_unix(const lanner_event *event)
{
	return lanner_connect_family(event) == 1;
}

/// Whether the peer's address is one of the internet at large.
LANNER_INLINE bool lanner_connect_is_public(const lanner_event *event)
{
	return lanner_address_is_public(lanner_connect_address(event));
}

/// Whether it is TCP.
LANNER_INLINE bool lanner_connect_is_tcp(const lanner_event *event)
{
	lanner_u16 protocol = lanner_connect_protocol(event);

	return protocol.known && protocol.value == 6;
}

/// Whether it is UDP.
LANNER_INLINE bool lanner_connect_is_udp(const lanner_event *event)
{
	lanner_u16 protocol = lanner_connect_protocol(event);

	return protocol.known && protocol.value == 17;
}

/// Whether it is under way: the result of a non-blocking connect is not known yet.
bool lanner_connect_is_in_progress(const lanner_event *event);

#ifdef __cplusplus
}
#endif
