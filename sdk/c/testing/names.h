/// What a pack does not need of the schema.
#pragma once

#include "../src/tables.h"

typedef struct lanner_field_name {
	const char *name;
	/// Every host gives it.
	bool always;
} lanner_field_name;

/// By record, in the order of its places.
extern const lanner_field_name *const lanner_field_names[LANNER_RECORDS];
