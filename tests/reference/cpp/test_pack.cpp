// What the pack does, call by call, as tests/reference/script.tsv has it for all languages.
#include <lanner/testing.hpp>

#include "pack.hpp"

extern "C" {
#include "../../../sdk/c/tests/rows.h"
}

namespace {

using test_type = lanner::testing::pack_test<reference>;

std::unique_ptr<test_type> test;
// Findings of the last frame, and how many of them the script has named.
std::vector<lanner::testing::found> raised;
std::size_t named;

std::string string_at(const row *row, std::size_t field)
{
	return lanner::text(row->fields[field]).str();
}

std::string bytes_at(const row *row)
{
	return lanner::text(bytes_of(row, 1)).str();
}

void check_finding(const row *row)
{
	CHECK_ROW(row, named < raised.size());
	const lanner::testing::found &found = raised[named++];
	std::string events;

	CHECK_ROW(row, found.rule == test->its().raw()->rules[number_of(row, 1)].id);
	CHECK_ROW(row, found.message == string_at(row, 2));
	CHECK_ROW(row, row->fields[3].data ? found.key == string_at(row, 3) : !found.key);
	for (std::uint64_t seq : found.events)
		events += (events.empty() ? "" : " ") + std::to_string(seq);
	CHECK_ROW(row, events == string_at(row, 4));
	CHECK_ROW(row, row->count == 5 + 2 * found.facts.size());
	for (std::size_t at = 0; at < found.facts.size(); at++) {
		const lanner::testing::found_fact &fact = found.facts[at];

		CHECK_ROW(row, fact.name == string_at(row, 5 + 2 * at));
		CHECK_ROW(row, fact.type + ":" + (fact.type == "path" ? fact.bytes : fact.shown) == string_at(row, 6 + 2 * at));
	}
}

void play(const row *row)
{
	std::string what = string_at(row, 0);

	// What the script does not name must not have been raised.
	CHECK_ROW(row, what == "finding" || named == raised.size());
	if (what == "finding") {
		check_finding(row);
	} else if (what == "frame") {
		raised = test->judge(bytes_at(row));
		named = 0;
	} else if (what == "configure") {
		// The one before ends first.
		test.reset();
		test = std::make_unique<test_type>(lanner::testing::options{ {}, {}, bytes_at(row) });
	} else if (what == "saved") {
		CHECK_ROW(row, test->save() == bytes_at(row));
	} else {
		CHECK_ROW(row, what == "restore" && !test->restore(bytes_at(row), "1.0.0"));
	}
}

void refuses_what_is_no_state()
{
	test_type test;

	for (const char *wrong : { "x", "\xa1\x67windows\x81\x83\x01\x02\x03", "\xa1\x67windows\x81\x84\x01\x02\x03", "\xa1" })
		CHECK(test.restore(wrong, "1.0.0"));
	// What a later version adds is passed over.
	CHECK(!test.restore("\xa2\x61x\x80\x67windows\x80", "1.1.0"));
}

} // namespace

int main()
{
	test_folder = "../..";
	each_row("reference/script.tsv", play);
	CHECK(named == raised.size());
	test.reset();
	refuses_what_is_no_state();
	return 0;
}
