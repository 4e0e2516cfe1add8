// What the pack does, call by call, as tests/reference/script.tsv has it for all languages.
#include <lanner/testing.h>

#include "../../../sdk/c/tests/rows.h"

static lanner_test *test;
/// Findings of the last frame, and how many of them the script has named.
static size_t named;

static bool is(lanner_text text, const char *string)
{
	return string ? lanner_equals(text, string) : !text.data;
}

static void check_events(const row *row, const lanner_found *found)
{
	const char *left = string_of(row, 4);

	for (size_t at = 0; at < found->events_count; at++) {
		char *end;

		CHECK_ROW(row, strtoull(left, &end, 10) == found->events[at]);
		left = end;
	}
	CHECK_ROW(row, *left == '\0');
}

static void check_finding(const row *row)
{
	const lanner_found *found = lanner_test_found(test, named++);

	CHECK_ROW(row, found && strcmp(found->rule, lanner_the_pack.rules[number_of(row, 1)].id) == 0);
	CHECK_ROW(row, is(row->fields[2], found->message));
	CHECK_ROW(row, is(row->fields[3], found->key));
	check_events(row, found);
	CHECK_ROW(row, row->count == 5 + 2 * found->facts_count);
	for (size_t at = 0; at < found->facts_count; at++) {
		const lanner_found_fact *fact = &found->facts[at];
		lanner_text expected = row->fields[5 + 2 * at + 1], type = lanner_text_of(fact->type);

		CHECK_ROW(row, is(row->fields[5 + 2 * at], fact->name));
		CHECK_ROW(row, lanner_starts_with(expected, type) && expected.data[type.size] == ':');
		expected.data += type.size + 1;
		expected.size -= type.size + 1;
		CHECK_ROW(row, fact->bytes.data ? lanner_equals(expected, fact->bytes) : lanner_equals(expected, fact->shown));
	}
}

static void play(const row *row)
{
	bool is_finding = lanner_equals(row->fields[0], "finding");

	// What the script does not name must not have been raised.
	CHECK_ROW(row, is_finding || !test || named == lanner_test_count(test));
	if (is_finding) {
		check_finding(row);
	} else if (lanner_equals(row->fields[0], "frame")) {
		lanner_text frame = bytes_of(row, 1);

		lanner_test_judge(test, frame.data, frame.size);
		named = 0;
	} else if (lanner_equals(row->fields[0], "configure")) {
		if (test)
			lanner_test_end(test);
		test = lanner_test_new_configured(&lanner_the_pack, bytes_of(row, 1));
		named = 0;
	} else if (lanner_equals(row->fields[0], "saved")) {
		CHECK_ROW(row, lanner_equals(bytes_of(row, 1), lanner_test_save(test)));
	} else if (lanner_equals(row->fields[0], "restore")) {
		CHECK_ROW(row, !lanner_test_restore(test, bytes_of(row, 1), "1.0.0"));
		named = lanner_test_count(test);
	} else {
		CHECK_ROW(row, !"a row of the script");
	}
}

static void refuses_what_is_no_state(void)
{
	static const char *const wrong[] = { "x", "\xa1\x67windows\x81\x83\x01\x02\x03", "\xa1\x67windows\x81\x84\x01\x02\x03", "\xa1" };

	test = lanner_test_new(&lanner_the_pack);
	for (size_t at = 0; at < sizeof wrong / sizeof wrong[0]; at++)
		CHECK(lanner_test_restore(test, lanner_text_of(wrong[at]), "1.0.0"));
	// What a later version adds is passed over.
	CHECK(!lanner_test_restore(test, LANNER_TEXT("\xa2\x61x\x80\x67windows\x80"), "1.1.0"));
	lanner_test_end(test);
}

int main(void)
{
	test_folder = "../..";
	each_row("reference/script.tsv", play);
	CHECK(named == lanner_test_count(test));
	lanner_test_end(test);
	refuses_what_is_no_state();
	return 0;
}
