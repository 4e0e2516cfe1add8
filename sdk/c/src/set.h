/// The texts of a set, one after the other.
#pragma once

#include <lanner/matching.h>

/// A text that was added at run time.
struct lanner_added {
	struct lanner_added *next;
	lanner_text text;
	enum lanner_comparison comparison;
};

/// Copies a text, and keeps it with the others.
const struct lanner_added *lanner_added_add(struct lanner_added **all, enum lanner_comparison comparison,
					    lanner_text text);

void lanner_added_free(struct lanner_added **all);

typedef void lanner_each_text(void *context, enum lanner_comparison comparison, lanner_text text);

/// Hands over the texts that a set has in the source.
void lanner_set_each_of_source(const lanner_set *set, lanner_each_text *each, void *context);
