/// Filters, ready to be compared with events.
#pragma once

#include <lanner/event.h>
#include <lanner/filter.h>
#include <lanner/print.h>

#include "networks.h"
#include "tables.h"

/// How deep filters may lie in one another: below the outermost one.
#define LANNER_FILTER_DEPTH 16

/// A filter, of which the fields' places are known and the values are ready.
typedef struct lanner_condition {
	uint8_t test;
	/// Whose field it is, and of LANNER_OF_NAMED the field of the payload that names the process.
	uint8_t of, named;
	uint8_t record;
	const lanner_place *place;
	size_t count;
	union {
		struct lanner_condition *conditions;
		lanner_set *set;
		const lanner_number *numbers;
		lanner_networks *networks;
		bool yes;
		uint64_t bits;
	} is;
} lanner_condition;

/// Whose a field is, by its number; NULL where there is no such field.
const lanner_owner *lanner_owner_of_field(unsigned field);

/// The place of a field, whose owner that is; NULL where there is no such field.
const lanner_place *lanner_place_of_field(const lanner_owner *owner, unsigned field);

/// Makes a filter ready that was checked (check.h). NULL stands for one that everything passes.
lanner_condition *lanner_condition_new(const lanner_filter *filter);

void lanner_condition_free(lanner_condition *condition);

bool lanner_number_is_less(lanner_number a, lanner_number b);

/// Whether an event passes.
bool lanner_condition_holds(const lanner_condition *condition, const lanner_event *event);
