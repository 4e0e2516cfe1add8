/// What tests make up, and frames of it.
#pragma once

#include <lanner/testing.h>

#include "names.h"

/// When the first event happens: any time will do, but not 0.
#define LANNER_TEST_BEGINNING 1700000000000000000u

/// The value of a field.
typedef struct lanner_made_value {
	bool known;
	/// The test said something of it, so that it does not follow from other fields.
	bool said;
	uint64_t number;
	/// A copy, of texts and addresses.
	lanner_text bytes;
	/// The process that a row names.
	lanner_made_process *process;
} lanner_made_value;

typedef struct lanner_made_record {
	lanner_test *test;
	unsigned index;
	lanner_made_value *values;
} lanner_made_record;

struct lanner_made_container {
	lanner_made_record record;
	/// Name, value, name, value.
	const char **labels;
	size_t labels_count;
};

struct lanner_made_process {
	lanner_made_record record;
	lanner_made_process *parent;
	lanner_made_container *container;
};

struct lanner_made_event {
	lanner_made_record record;
	enum lanner_kind kind;
	lanner_made_process *by;
	uint64_t later;
	int64_t result;
	uint16_t flags;
	/// Set when it happens.
	uint64_t seq, time;
};

/// Memory that is the test's own.
void *lanner_test_alloc(lanner_test *test, size_t size);
char *lanner_test_copy(lanner_test *test, lanner_text text);

lanner_made_record lanner_made_record_new(lanner_test *test, unsigned index);

/// A frame in the making.
typedef struct lanner_frame_writer lanner_frame_writer;

/// Writes a frame of these events, as bytes of the C library's memory. `passed` may be NULL: what each event passed, so many bytes
/// for each.
uint8_t *lanner_made_frame(lanner_made_event *const *events, size_t count, const uint8_t *passed, uint16_t passed_stride,
			   size_t *size);
