/// Where fields stand, by their numbers: for what reads or compares fields without knowing any of them.
#pragma once

#include <lanner/frame.h>

/// Kinds are numbered below.
#define LANNER_KINDS 128

/// The number of a section that says which of a pack's subscriptions each event passed.
#define LANNER_SECTION_PASSED 65535

enum lanner_holds {
	LANNER_HOLDS_U8,
	LANNER_HOLDS_U16,
	LANNER_HOLDS_U32,
	LANNER_HOLDS_U64,
	LANNER_HOLDS_I32,
	LANNER_HOLDS_I64,
	LANNER_HOLDS_BOOL,
	LANNER_HOLDS_TEXT,
	LANNER_HOLDS_ADDRESS,
	LANNER_HOLDS_LIST,
	LANNER_HOLDS_ROW,
	LANNER_HOLDS_PAYLOAD,
};

/// Where a field stands in a record.
typedef struct lanner_place {
	uint16_t offset;
	/// Of the eight bytes of which the bit says whether it is there.
	uint16_t word;
	uint8_t bit;
	uint8_t holds;
	/// The record that a row or a list is of.
	uint8_t of;
} lanner_place;

typedef struct lanner_record_info {
	/// Its name; of a payload the kind's.
	const char *name;
	uint16_t section;
	uint16_t size;
	uint16_t count;
	const lanner_place *places;
} lanner_record_info;

extern const lanner_record_info lanner_records[LANNER_RECORDS];

/// By the number of a kind: the record that it has of its own. 0, which is the process's, where there is no such kind.
extern const uint8_t lanner_kind_records[LANNER_KINDS];

enum lanner_has_flag {
	/// It is somebody's doing.
	LANNER_HAS_PROCESS = 1,
	/// There is a call, which returned something.
	LANNER_HAS_RESULT = 2,
};

extern const uint8_t lanner_kind_has[LANNER_KINDS];

/// Whose fields a filter compares.
enum lanner_owner_of {
	LANNER_OF_EVENT,
	LANNER_OF_PROCESS,
	LANNER_OF_PARENT,
	LANNER_OF_CONTAINER,
	LANNER_OF_PAYLOAD,
	/// Of the process that a field of the payload names.
	LANNER_OF_NAMED,
};

typedef struct lanner_owner {
	/// The number of its first field: see `struct lanner_fields`.
	uint16_t first;
	uint8_t record;
	uint8_t of;
	/// Of LANNER_OF_NAMED: the field of the payload.
	uint8_t named;
} lanner_owner;

/// Ordered by `first`.
extern const lanner_owner lanner_owners[];
extern const uint32_t lanner_owners_count;
