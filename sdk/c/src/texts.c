#include "texts.h"

#include <lanner/memory.h>

void lanner_entries_add(lanner_entries *entries, lanner_text text, lanner_text written)
{
	if (entries->count == entries->capacity) {
		entries->capacity = entries->capacity ? 2 * entries->capacity : 8;
		entries->at = lanner_resize(entries->at, entries->capacity * sizeof *entries->at);
	}
	entries->at[entries->count++] = (lanner_entry){ text, written };
}

/// As `lanner_text_compare`, from the last byte to the first.
static int compare_from_end(lanner_text text, lanner_text other)
{
	const char *a = text.data + text.size, *b = other.data + other.size;

	for (size_t left = text.size < other.size ? text.size : other.size; left > 0; left--) {
		int order = (uint8_t)*--a - (uint8_t)*--b;

		if (order)
			return order;
	}
	return (text.size > other.size) - (text.size < other.size);
}

typedef int order(lanner_text text, lanner_text other);

static void sift(lanner_entry *at, size_t root, size_t count, order *compare)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		lanner_entry moved = at[root];

		if (child + 1 < count && compare(at[child].text, at[child + 1].text) < 0)
			child++;
		if (compare(moved.text, at[child].text) >= 0)
			return;
		at[root] = at[child];
		at[child] = moved;
	}
}

/// In place, and never slower than it mostly is: heapsort.
static void sort(lanner_entries *entries, order *compare)
{
	lanner_entry *at = entries->at;

	for (size_t root = entries->count / 2; root-- > 0;)
		sift(at, root, entries->count, compare);
	for (size_t last = entries->count; last-- > 1;) {
		lanner_entry largest = at[0];

		at[0] = at[last];
		at[last] = largest;
		sift(at, 0, last, compare);
	}
}

typedef bool begins(lanner_text text, lanner_text other);

/// Leaves out what begins (or ends) with another one, which right before it in their order is the last that was kept.
static void keep_shortest(lanner_entries *entries, begins *is_longer)
{
	uint32_t kept = 0;

	for (uint32_t number = 0; number < entries->count; number++) {
		if (kept > 0 && is_longer(entries->at[number].text, entries->at[kept - 1].text))
			continue;
		entries->at[kept++] = entries->at[number];
	}
	entries->count = kept;
}

void lanner_entries_sort(lanner_entries *entries)
{
	sort(entries, lanner_text_compare);
}

void lanner_entries_sort_beginnings(lanner_entries *entries)
{
	sort(entries, lanner_text_compare);
	keep_shortest(entries, lanner_text_starts_with);
}

void lanner_entries_sort_endings(lanner_entries *entries)
{
	sort(entries, compare_from_end);
	keep_shortest(entries, lanner_text_ends_with);
}

/// The last one that does not come after the text; NULL where all do.
static const lanner_entry *last_before(const lanner_entries *entries, lanner_text text, order *compare)
{
	uint32_t from = 0, to = entries->count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (compare(entries->at[middle].text, text) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from > 0 ? &entries->at[from - 1] : NULL;
}

const lanner_entry *lanner_entries_equal(const lanner_entries *entries, lanner_text text)
{
	const lanner_entry *entry = last_before(entries, text, lanner_text_compare);

	return entry && lanner_text_equals(entry->text, text) ? entry : NULL;
}

const lanner_entry *lanner_entries_beginning(const lanner_entries *entries, lanner_text text)
{
	const lanner_entry *entry = last_before(entries, text, lanner_text_compare);

	return entry && lanner_text_starts_with(text, entry->text) ? entry : NULL;
}

const lanner_entry *lanner_entries_ending(const lanner_entries *entries, lanner_text text)
{
	const lanner_entry *entry = last_before(entries, text, compare_from_end);

	return entry && lanner_text_ends_with(text, entry->text) ? entry : NULL;
}

// === Parts: an automaton after Aho and Corasick (1975), with all its steps worked out ===

/// Bytes that its table may have; with more, the parts are looked for one by one.
#define LARGEST_TABLE (4u << 20)

/// Gives every byte that is in some part a class of its own. Bytes of no part lead back to the beginning.
static void make_classes(lanner_parts *parts)
{
	parts->classes_count = 1;
	for (uint32_t number = 0; number < parts->entries.count; number++) {
		lanner_text part = parts->entries.at[number].text;

		for (size_t at = 0; at < part.size; at++) {
			uint8_t *class = &parts->classes[(uint8_t)part.data[at]];

			// 255 classes and the one of all other bytes: with all 256 bytes in parts two would share one.
			if (*class == 0)
				*class = (uint8_t)parts->classes_count++;
		}
	}
}

/// Adds the parts as lines of states; gives how many states there are.
static uint32_t add_lines(lanner_parts *parts)
{
	uint32_t states = 1;

	for (uint32_t number = 0; number < parts->entries.count; number++) {
		lanner_text part = parts->entries.at[number].text;
		uint32_t state = 0;

		for (size_t at = 0; at < part.size; at++) {
			uint32_t *next = &parts->next[state * parts->classes_count + parts->classes[(uint8_t)part.data[at]]];

			if (*next == 0)
				*next = states++;
			state = *next;
		}
		if (parts->found[state] == 0)
			parts->found[state] = number + 1;
	}
	return states;
}

/// Where no line goes on, another one may that begins later: from state to state, those of the first step first.
static void add_other_steps(lanner_parts *parts, uint32_t states)
{
	uint32_t *other = lanner_alloc_zeroed(states, sizeof *other), *left = lanner_alloc_zeroed(states, sizeof *left);
	uint32_t first = 0, last = 1, count = parts->classes_count;

	while (first < last) {
		uint32_t state = left[first++];

		for (uint32_t class = 1; class < count; class++) {
			uint32_t *next = &parts->next[state * count + class];
			uint32_t instead = state == 0 ? 0 : parts->next[other[state] * count + class];

			if (*next == 0) {
				*next = instead;
				continue;
			}
			other[*next] = instead;
			if (parts->found[*next] == 0)
				parts->found[*next] = parts->found[instead];
			left[last++] = *next;
		}
	}
	lanner_free(other);
	lanner_free(left);
}

void lanner_parts_prepare(lanner_parts *parts)
{
	uint64_t states = 1;

	make_classes(parts);
	for (uint32_t number = 0; number < parts->entries.count; number++)
		states += parts->entries.at[number].text.size;
	if (parts->classes_count > 255 || states * parts->classes_count * sizeof *parts->next > LARGEST_TABLE)
		return;
	parts->next = lanner_alloc_zeroed(states * parts->classes_count, sizeof *parts->next);
	parts->found = lanner_alloc_zeroed(states, sizeof *parts->found);
	add_other_steps(parts, add_lines(parts));
}

const lanner_entry *lanner_parts_find(const lanner_parts *parts, lanner_text text)
{
	uint32_t state = 0;

	if (parts->entries.count == 0)
		return NULL;
	if (!parts->next) {
		for (uint32_t number = 0; number < parts->entries.count; number++) {
			if (lanner_text_contains(text, parts->entries.at[number].text))
				return &parts->entries.at[number];
		}
		return NULL;
	}
	for (size_t at = 0; parts->found[state] == 0 && at < text.size; at++)
		state = parts->next[state * parts->classes_count + parts->classes[(uint8_t)text.data[at]]];
	return parts->found[state] ? &parts->entries.at[parts->found[state] - 1] : NULL;
}
