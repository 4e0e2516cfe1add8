/// Where a handler raises findings.
#pragma once

#include <lanner/finding.h>

struct lanner_finding {
	/// Whether there is one that is not raised yet.
	bool begun;
	lanner_buffer message, key;
	bool has_key, has_severity, has_process;
	enum lanner_severity severity;
	uint64_t process;
	/// Sequence numbers of the events behind it, in order.
	uint64_t *events;
	size_t events_count, events_capacity;
	/// The facts, as they travel.
	lanner_writer facts;
	size_t facts_count;
	/// The whole of it, as it travels.
	lanner_writer whole;
};

struct lanner_out {
	/// The rule, by its place in the description.
	uint32_t rule;
	/// The event at hand; in a tick there is none.
	bool has_event;
	uint64_t event;
	void *context;
	lanner_finding finding;
};

/// Raises what was begun.
void lanner_out_flush(lanner_out *out);

/// Frees what findings were made in.
void lanner_out_free(lanner_out *out);
