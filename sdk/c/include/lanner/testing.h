/// @file
/// Testing packs natively: events are made up, written as a real frame, filtered as the host would, and handled by the same code that
/// runs in the pack.
///
///     lanner_test *test = lanner_test_new(&lanner_the_pack);
///     lanner_made_process *nginx = lanner_make_process(test, "/usr/sbin/nginx");
///     lanner_made_process *cat = lanner_made_child_of(lanner_make_process(test, "/usr/bin/cat"), nginx);
///     const lanner_found *found = lanner_test_feed(test, lanner_made_by(lanner_make_open(test, "/etc/shadow"), cat));
///
///     assert(found && strcmp(found->message, "/usr/bin/cat read /etc/shadow") == 0);
///     lanner_test_end(test);
///
/// What is made belongs to the test, and is gone when it ends. There is one test at a time.
#pragma once

#include "lanner.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A pack under test.
typedef struct lanner_test lanner_test;

/// A pack that has just been loaded, with nothing set.
lanner_test *lanner_test_new(const lanner_pack *pack);

/// The same with settings as people write them, LANNER_STRINGS("private=true", "trusted=sshd,login"), and with the rules of these
/// ids switched off. Either may be NULL.
lanner_test *lanner_test_new_with(const lanner_pack *pack, const char *const *settings, const char *const *off);

/// Ends it, and frees all that belongs to it.
void lanner_test_end(lanner_test *test);

/// What a host would say against a pack; NULL where it would take it. Needs no test, and ends the one that there is.
const char *lanner_test_refusal(const lanner_pack *pack);

// === Processes ===

typedef struct lanner_made_process lanner_made_process;
typedef struct lanner_made_container lanner_made_container;

/// A process that runs this executable, as root; where that is NULL, nothing is known of it.
lanner_made_process *lanner_make_process(lanner_test *test, const char *exe);

/// The process that it was forked from.
lanner_made_process *lanner_made_child_of(lanner_made_process *process, lanner_made_process *parent);

/// Its arguments, the program's name first: LANNER_STRINGS("sh", "-c", "id"). Where nothing is said, there is only that.
lanner_made_process *lanner_made_args(lanner_made_process *process, const char *const *args);

/// The kernel's short name; where nothing is said, the beginning of the executable's.
lanner_made_process *lanner_made_comm(lanner_made_process *process, const char *comm);

/// Real, effective and saved user id, and the user's name, which may be NULL. Where nothing is said, 0 and root.
lanner_made_process *lanner_made_user(lanner_made_process *process, uint32_t uid, const char *name);

/// The container that it runs in.
lanner_made_process *lanner_made_in(lanner_made_process *process, lanner_made_container *container);

/// The same process after an exec of another executable.
lanner_made_process *lanner_made_after_exec(lanner_made_process *process, const char *exe);

/// Its image id, and its process id.
uint64_t lanner_made_image(const lanner_made_process *process);
uint32_t lanner_made_pid(const lanner_made_process *process);

/// A container with this id, of which nothing else is known but what of these is not NULL.
lanner_made_container *lanner_make_container(lanner_test *test, const char *id, const char *name, const char *image);

/// One more label.
lanner_made_container *lanner_made_label(lanner_made_container *container, const char *name, const char *value);

/// Any field of a process: LANNER_MADE_FIELD(process.login_uid). Addresses are written as people write them; numbers that are
/// negative as uint64_t.
lanner_made_process *lanner_made_process_set_number(lanner_made_process *process, unsigned field, uint64_t number);
lanner_made_process *lanner_made_process_set_bytes(lanner_made_process *process, unsigned field, lanner_text bytes);
/// The field is not known.
lanner_made_process *lanner_made_process_without(lanner_made_process *process, unsigned field);

// === Events ===

typedef struct lanner_made_event lanner_made_event;

/// An event of this kind that succeeded: numbers that every host gives are 0 and texts are empty, files are regular, and nothing else
/// is known. Each kind has a function that makes more of it (testing_kinds.h): lanner_make_open, lanner_make_rename, …
lanner_made_event *lanner_make_event(lanner_test *test, enum lanner_kind kind);

/// A process began a program. What it was before is a fork of its parent.
lanner_made_event *lanner_make_exec(lanner_test *test, lanner_made_process *image);

/// A process was created, by its parent.
lanner_made_event *lanner_make_fork(lanner_test *test, lanner_made_process *child);

/// A TCP socket was connected to an address and port, such as "192.0.2.1:443" or "[2001:db8::1]:443".
lanner_made_event *lanner_make_connect(lanner_test *test, const char *peer);

/// A unix socket was connected.
lanner_made_event *lanner_make_connect_unix(lanner_test *test, const char *path);

/// Who did it; where nothing is said, a process of which nothing is known but that it is root's.
lanner_made_event *lanner_made_by(lanner_made_event *event, lanner_made_process *process);

/// How long after the event before it, or the beginning of the test, ns. Where nothing is said, a millisecond.
lanner_made_event *lanner_made_later(lanner_made_event *event, uint64_t ns);

/// It failed, with this errno.
lanner_made_event *lanner_made_failed(lanner_made_event *event, int errno_value);

/// It returned this.
lanner_made_event *lanner_made_returned(lanner_made_event *event, int64_t result);

/// Flags of an open (open(2)); where nothing is said, it is for reading (0).
lanner_made_event *lanner_made_flags(lanner_made_event *event, uint32_t flags);
/// An open, for writing; the file is created where it is not there.
lanner_made_event *lanner_made_write(lanner_made_event *event);

/// Any field of its kind: lanner_made_set_number(event, LANNER_MADE_FIELD(open.inode), 42).
lanner_made_event *lanner_made_set_number(lanner_made_event *event, unsigned field, uint64_t number);
lanner_made_event *lanner_made_set_text(lanner_made_event *event, unsigned field, const char *text);
lanner_made_event *lanner_made_set_bytes(lanner_made_event *event, unsigned field, lanner_text bytes);
lanner_made_event *lanner_made_set_address(lanner_made_event *event, unsigned field, const char *address);
/// A process that it names: lanner_made_set_process(event, LANNER_MADE_FIELD(signal.target_row), sshd).
lanner_made_event *lanner_made_set_process(lanner_made_event *event, unsigned field, lanner_made_process *process);
/// The field is not known.
lanner_made_event *lanner_made_without(lanner_made_event *event, unsigned field);

#ifndef __cplusplus
#define LANNER_MADE_FIELD(field) offsetof(struct lanner_fields, field)
#endif

// === What comes of it ===

/// What a rule raised. It stays until the next events are fed.
typedef struct lanner_found {
	/// The rule's id.
	const char *rule;
	const char *message;
	/// The finding's, or where it has none the rule's.
	enum lanner_severity severity;
	/// NULL where there is none.
	const char *key;
	/// Sequence numbers of the events behind it; the first event that was fed has 1.
	const uint64_t *events;
	size_t events_count;
	/// Image id of the process it is about, where that was said; otherwise 0.
	uint64_t process;
	size_t facts_count;
	const struct lanner_found_fact *facts;
} lanner_found;

/// A fact, as it is shown: a path escaped, an address as people write it, a list in brackets.
typedef struct lanner_found_fact {
	const char *name;
	/// `text`, `path`, `number`, `float`, `bool`, `address`, `process` or `list`.
	const char *type;
	const char *shown;
	/// A text or a path as it is.
	lanner_text bytes;
} lanner_found_fact;

/// The fact of this name, as it is shown; NULL where there is none.
const char *lanner_found_fact_of(const lanner_found *found, const char *name);

/// Lets an event happen. Gives the first finding that was raised; NULL where none was.
const lanner_found *lanner_test_feed(lanner_test *test, lanner_made_event *event);

/// Lets events happen, one after the other, in as few batches as may be.
const lanner_found *lanner_test_feed_all(lanner_test *test, lanner_made_event *const *events, size_t count);

/// Judges a frame that was made elsewhere, as a host hands it over.
const lanner_found *lanner_test_judge(lanner_test *test, const void *frame, size_t size);

/// Lets time go by, ns.
const lanner_found *lanner_test_wait(lanner_test *test, uint64_t ns);

/// How many findings were raised by what was fed last, and one of them.
size_t lanner_test_count(const lanner_test *test);
const lanner_found *lanner_test_found(const lanner_test *test, size_t number);

/// Reloads the pack with what it saves, as the host would with another version of it. Gives NULL, or why it does not take what it saved.
const char *lanner_test_reload(lanner_test *test);

/// A pack that has just been loaded, with a configuration as it travels (docs/contract.md).
lanner_test *lanner_test_new_configured(const lanner_pack *pack, lanner_text configuration);

/// What the pack saves now; it stays until the test ends.
lanner_text lanner_test_save(lanner_test *test);

/// Loads the pack anew, and has it take over a state. Gives NULL, or why it does not.
const char *lanner_test_restore(lanner_test *test, lanner_text state, const char *version);

/// The same, as another pack: one whose handlers have other contexts.
const char *lanner_test_restore_as(lanner_test *test, const lanner_pack *pack, lanner_text state, const char *version);

/// Leaves it to the pack to compare events with its filters, as an older host does. Otherwise it is told what passes.
void lanner_test_leave_filtering(lanner_test *test);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
#include "testing_kinds.h"
#endif
