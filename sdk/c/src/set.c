#include "set.h"

#include <lanner/memory.h>

#include "fail.h"
#include "generation.h"
#include "glob.h"
#include "texts.h"

/// A set, ready to be compared with texts.
struct lanner_prepared {
	lanner_entries equals, beginnings, endings;
	lanner_parts parts;
	lanner_globs globs;
	/// How paths end that are called as the file names are.
	struct lanner_added *below;
};

unsigned lanner_generation = 1;

const struct lanner_added *lanner_added_add(struct lanner_added **all, enum lanner_comparison comparison,
					    lanner_text text)
{
	struct lanner_added *added = lanner_alloc(sizeof *added + text.size);

	if (text.size > 0)
		__builtin_memcpy(added + 1, text.data, text.size);
	added->next = *all;
	added->text = lanner_text_of_bytes(added + 1, text.size);
	added->comparison = comparison;
	*all = added;
	return added;
}

void lanner_added_free(struct lanner_added **all)
{
	while (*all) {
		struct lanner_added *freed = *all;

		*all = freed->next;
		lanner_free(freed);
	}
}

void lanner_set_each_of_source(const lanner_set *set, lanner_each_text *each, void *context)
{
	const char *const *lists[LANNER_COMPARISONS] = {
		[LANNER_EQUAL] = set->equals,   [LANNER_BEGINNING] = set->starts_with, [LANNER_ENDING] = set->ends_with,
		[LANNER_PART] = set->contains,  [LANNER_FILE_NAME] = set->file_names,  [LANNER_GLOB] = set->globs,
	};

	for (unsigned comparison = 0; comparison < LANNER_COMPARISONS; comparison++) {
		for (const char *const *string = lists[comparison]; string && *string; string++)
			each(context, (enum lanner_comparison)comparison, lanner_text_of(*string));
	}
}

static void prepare_text(void *context, enum lanner_comparison comparison, lanner_text text)
{
	struct lanner_prepared *prepared = context;
	const struct lanner_added *added;
	char *below;

	switch (comparison) {
	case LANNER_EQUAL:
		lanner_entries_add(&prepared->equals, text, text);
		break;
	case LANNER_BEGINNING:
		lanner_entries_add(&prepared->beginnings, text, text);
		break;
	case LANNER_ENDING:
		lanner_entries_add(&prepared->endings, text, text);
		break;
	case LANNER_PART:
		lanner_entries_add(&prepared->parts.entries, text, text);
		break;
	case LANNER_FILE_NAME:
		below = lanner_scratch(text.size + 1);
		below[0] = '/';
		if (text.size > 0)
			__builtin_memcpy(below + 1, text.data, text.size);
		added = lanner_added_add(&prepared->below, comparison, lanner_text_of_bytes(below, text.size + 1));
		lanner_entries_add(&prepared->endings, added->text, text);
		lanner_entries_add(&prepared->equals, text, text);
		break;
	case LANNER_GLOB:
		if (lanner_glob_wrong(text))
			lanner_fail(text, " is no glob: ", lanner_glob_wrong(text));
		lanner_globs_add(&prepared->globs, text);
		break;
	default:
		break;
	}
}

/// Where the pack was started anew, what the set had of before is gone.
static void renew(lanner_set *set)
{
	if (set->generation == lanner_generation)
		return;
	set->generation = lanner_generation;
	set->added = NULL;
	set->prepared = NULL;
}

static const struct lanner_prepared *prepare(lanner_set *set)
{
	renew(set);
	if (!set->prepared) {
		struct lanner_prepared *prepared = lanner_alloc_zeroed(1, sizeof *prepared);

		lanner_set_each_of_source(set, prepare_text, prepared);
		for (const struct lanner_added *added = set->added; added; added = added->next)
			prepare_text(prepared, added->comparison, added->text);
		lanner_entries_sort(&prepared->equals);
		lanner_entries_sort_beginnings(&prepared->beginnings);
		lanner_entries_sort_endings(&prepared->endings);
		lanner_parts_prepare(&prepared->parts);
		set->prepared = prepared;
	}
	return set->prepared;
}

lanner_text lanner_set_find(lanner_set *set, lanner_text text)
{
	const struct lanner_prepared *prepared = prepare(set);
	lanner_text none = { NULL, 0 };
	const lanner_entry *entry;

	if (!text.data)
		return none;
	entry = lanner_entries_equal(&prepared->equals, text);
	if (!entry)
		entry = lanner_entries_beginning(&prepared->beginnings, text);
	if (!entry)
		entry = lanner_entries_ending(&prepared->endings, text);
	if (!entry)
		entry = lanner_parts_find(&prepared->parts, text);
	if (entry)
		return entry->written;
	for (uint32_t number = 0; number < prepared->globs.count; number++) {
		if (lanner_glob_matches(&prepared->globs.at[number], text))
			return prepared->globs.at[number].written;
	}
	return none;
}

bool lanner_set_has(lanner_set *set, lanner_text text)
{
	return lanner_set_find(set, text).data != NULL;
}

static void free_prepared(struct lanner_prepared *prepared)
{
	if (!prepared)
		return;
	lanner_added_free(&prepared->below);
	for (uint32_t number = 0; number < prepared->globs.count; number++) {
		lanner_glob *glob = &prepared->globs.at[number];

		lanner_free((char *)glob->begin.data);
		lanner_free((char *)glob->end.data);
		lanner_free(glob->steps);
	}
	lanner_free(prepared->globs.at);
	lanner_free(prepared->equals.at);
	lanner_free(prepared->beginnings.at);
	lanner_free(prepared->endings.at);
	lanner_free(prepared->parts.entries.at);
	lanner_free(prepared->parts.next);
	lanner_free(prepared->parts.found);
	lanner_free(prepared);
}

const char *lanner_set_add(lanner_set *set, enum lanner_comparison comparison, lanner_text text)
{
	const char *wrong = comparison == LANNER_GLOB ? lanner_glob_wrong(text) : NULL;

	if (wrong)
		return wrong;
	renew(set);
	free_prepared(set->prepared);
	set->prepared = NULL;
	lanner_added_add(&set->added, comparison, text);
	return NULL;
}

void lanner_set_clear(lanner_set *set)
{
	renew(set);
	free_prepared(set->prepared);
	set->prepared = NULL;
	lanner_added_free(&set->added);
}
