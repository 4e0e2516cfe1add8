/// Globs, as automata that are in several states at once, a bit each (Baeza-Yates and Gonnet, 1992): each byte of the text moves
/// all of them by one step. There is nothing to go back to, whatever the glob and the text are.
#pragma once

#include <lanner/text.h>

/// 128 states, a bit each.
typedef struct lanner_states {
	uint64_t low, high;
} lanner_states;

/// A glob without alternatives, ready to be compared with texts.
typedef struct lanner_glob {
	/// What every text begins and ends with; what lies between the two is for the automaton.
	lanner_text begin, end;
	/// By byte: which of `steps` it is.
	uint8_t classes[256];
	/// The states that a byte of a class leads on from.
	lanner_states *steps;
	/// The states that stay whatever comes (`**`), and those that stay unless a `/` comes (`*`).
	lanner_states stay, stay_in_name;
	/// The states that are the next one too when they are entered: `**` and `/` may stand for nothing.
	lanner_states skip;
	lanner_states last;
	/// As it is written in the set that has it.
	lanner_text written;
} lanner_glob;

typedef struct lanner_globs {
	lanner_glob *at;
	uint32_t count, capacity;
} lanner_globs;

/// Adds those that a glob stands for, in which nothing is wrong.
void lanner_globs_add(lanner_globs *globs, lanner_text glob);

/// Whether it stands for all of the text.
bool lanner_glob_matches(const lanner_glob *glob, lanner_text text);
