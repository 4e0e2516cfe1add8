/// Many texts, to be compared with one at once.
#pragma once

#include <lanner/text.h>

/// A text, and what it is called in the set that has it.
typedef struct lanner_entry {
	lanner_text text;
	lanner_text written;
} lanner_entry;

typedef struct lanner_entries {
	lanner_entry *at;
	uint32_t count, capacity;
} lanner_entries;

void lanner_entries_add(lanner_entries *entries, lanner_text text, lanner_text written);

/// Puts them in order, as the functions below need it: those that begin with others of them are no beginnings of their own.
void lanner_entries_sort(lanner_entries *entries);
void lanner_entries_sort_beginnings(lanner_entries *entries);
void lanner_entries_sort_endings(lanner_entries *entries);

/// The one that the text equals, begins with, ends with; NULL where there is none.
const lanner_entry *lanner_entries_equal(const lanner_entries *entries, lanner_text text);
const lanner_entry *lanner_entries_beginning(const lanner_entries *entries, lanner_text text);
const lanner_entry *lanner_entries_ending(const lanner_entries *entries, lanner_text text);

/// All texts that may be somewhere in another, as one automaton.
typedef struct lanner_parts {
	lanner_entries entries;
	/// By byte; 0 for those of no part.
	uint8_t classes[256];
	uint32_t classes_count;
	/// By state and class: the next state. NULL where there would be too many of them.
	uint32_t *next;
	/// By state: one more than the part that ends there, or 0.
	uint32_t *found;
} lanner_parts;

void lanner_parts_prepare(lanner_parts *parts);

/// One that is somewhere in the text; NULL where none is.
const lanner_entry *lanner_parts_find(const lanner_parts *parts, lanner_text text);
