/// @file
/// What rules raise, and the log.
#pragma once

#include "pack.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A finding in the making. It is raised when the handler returns, or begins another one.
typedef struct lanner_finding lanner_finding;

/// Begins a finding: what happened, in one line for a person.
lanner_finding *lanner_raise_pieces(lanner_out *out, const lanner_piece *pieces, size_t count);

/// Adds a fact, as what it is: a text of the kernel as a path, a string as a text, a number, yes or no, an address, a process. Who
/// stores findings can search and add up by it. What is not known is not added.
void lanner_add_fact(lanner_finding *finding, const char *name, lanner_piece fact);

/// Adds a fact that is a text put together from pieces.
void lanner_add_text(lanner_finding *finding, const char *name, const lanner_piece *pieces, size_t count);

/// Adds a fact that is a list of facts.
void lanner_add_list(lanner_finding *finding, const char *name, const lanner_piece *facts, size_t count);

/// What it is about, such as a path: findings of the rule with the same key are about the same thing, and may be shown as one.
void lanner_set_key(lanner_finding *finding, const lanner_piece *pieces, size_t count);

/// Adds an earlier event that is behind it, by its sequence number.
void lanner_because_of(lanner_finding *finding, uint64_t seq);

/// Is worse, or less bad, than the rule's findings are.
void lanner_set_severity(lanner_finding *finding, enum lanner_severity severity);

/// Is about this process. Otherwise it is the one of the newest event: for an exec the image that begins.
void lanner_about(lanner_finding *finding, lanner_process process);

/// Is about a process of an earlier event, or in a tick of any: by its `lanner_process_image`, which the pack kept.
void lanner_about_image(lanner_finding *finding, uint64_t image);

/// How much a line of the log matters.
enum lanner_level {
	/// For who writes the pack.
	LANNER_DEBUG,
	/// Worth knowing.
	LANNER_NOTE,
	/// Something is not as it should be, and the pack goes on.
	LANNER_WARN,
	/// Something did not work.
	LANNER_ERROR,
};

/// Says something to the people who run the host. Limited there: a flood is cut and counted. In tests it goes to standard error.
void lanner_log_pieces(enum lanner_level level, const lanner_piece *pieces, size_t count);

#ifdef __cplusplus
}
#else

/// Begins a finding, with a message of up to 16 pieces: `lanner_raise(out, exe, " read ", path)`.
#define lanner_raise(out, ...) lanner_raise_pieces(out, LANNER_PIECES(__VA_ARGS__))
/// Adds a fact as what it is: `lanner_fact(finding, "path", lanner_open_path(event))`.
#define lanner_fact(finding, name, fact) lanner_add_fact(finding, name, LANNER_PIECE(fact))
/// Adds a fact that is a text of up to 16 pieces: `lanner_fact_text(finding, "command", lanner_process_command_line(process))`.
#define lanner_fact_text(finding, name, ...) lanner_add_text(finding, name, LANNER_PIECES(__VA_ARGS__))
/// Adds a fact that is a list of up to 16 facts.
#define lanner_fact_list(finding, name, ...) lanner_add_list(finding, name, LANNER_PIECES(__VA_ARGS__))
/// What it is about, of up to 16 pieces: `lanner_key(finding, address, ":", port)`.
#define lanner_key(finding, ...) lanner_set_key(finding, LANNER_PIECES(__VA_ARGS__))
/// Says something, of up to 16 pieces: `lanner_log(LANNER_WARN, "no such user: ", name)`.
#define lanner_log(level, ...) lanner_log_pieces(level, LANNER_PIECES(__VA_ARGS__))

#endif
