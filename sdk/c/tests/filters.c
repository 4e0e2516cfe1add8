// Filters hold where every SDK says so, and those that a host refuses are refused: tests/conformance/filter.tsv.
#include "../src/check.h"
#include "../src/condition.h"
#include "../src/describe.h"
#include "../src/native/memory.h"
#include "../testing/names.h"
#include "rows.h"

// === From CBOR, which only tests need: packs have their filters in the source ===

/// The number of a field of this name; one that no field has where there is none.
static unsigned field_of(lanner_text name)
{
	for (uint32_t at = 0; at < lanner_owners_count; at++) {
		static const char *const names[] = { "event", "process", "parent", "container" };
		const lanner_owner *owner = &lanner_owners[at], *of_kind = owner;
		lanner_text begin;

		while (of_kind->of == LANNER_OF_NAMED)
			of_kind--;
		if (owner->of == LANNER_OF_NAMED)
			begin = lanner_print(lanner_records[of_kind->record].name, ".",
					     lanner_field_names[of_kind->record][owner->named].name, ".");
		else
			begin = lanner_print(owner->of == LANNER_OF_PAYLOAD ? lanner_records[owner->record].name : names[owner->of],
					     ".");
		if (!lanner_text_starts_with(name, begin))
			continue;
		for (unsigned field = 0; field < lanner_records[owner->record].count; field++) {
			lanner_text rest = { name.data + begin.size, name.size - begin.size };

			if (lanner_equals(rest, lanner_field_names[owner->record][field].name))
				return owner->first + field;
		}
	}
	return 60000;
}

static unsigned holds_of(unsigned field)
{
	const lanner_owner *owner = lanner_owner_of_field(field);
	const lanner_place *place = lanner_place_of_field(owner, field);

	return place ? place->holds : LANNER_HOLDS_PAYLOAD;
}

/// Any integer of CBOR.
static lanner_number read_number(lanner_reader *reader)
{
	lanner_number number = { lanner_reader_next(reader) == LANNER_CBOR_NEGATIVE, 0 };
	uint8_t head;
	lanner_reader positive;

	if (!number.negative) {
		number.magnitude = lanner_read_u64_item(reader);
		return number;
	}
	// The same bytes with another first one say what is kept of it.
	head = *reader->at & 0x1f;
	uint8_t bytes[9] = { head };
	size_t size = head < 24 ? 1 : 1 + ((size_t)1 << (head - 24));

	memcpy(bytes + 1, reader->at + 1, size - 1);
	positive = lanner_reader_of(bytes, size);
	number.magnitude = lanner_read_u64_item(&positive);
	reader->at += size;
	return number;
}

/// An address as people write it, of 16 bytes; anything else stands for one that is none.
static const char *written_address(lanner_text bytes)
{
	static char kept[256][64];
	static unsigned next;
	char *at = kept[next++ % 256];

	if (bytes.size != 16)
		return "no address";
	for (unsigned group = 0; group < 8; group++)
		at += sprintf(at, "%s%02x%02x", group ? ":" : "", (uint8_t)bytes.data[2 * group], (uint8_t)bytes.data[2 * group + 1]);
	return kept[(next - 1) % 256];
}

static void read_values(lanner_filter *filter, lanner_reader *reader, lanner_items *items, lanner_text test)
{
	enum { MOST = 300 };
	lanner_text *texts = lanner_alloc(MOST * sizeof *texts);
	lanner_number *numbers = lanner_alloc(2 * MOST * sizeof *numbers);
	const char **strings = lanner_alloc(MOST * sizeof *strings);
	bool within = lanner_equals(test, "within"), between = lanner_equals(test, "between");
	enum lanner_cbor_type type = LANNER_CBOR_NOTHING;

	filter->count = 0;
	while (lanner_next_item(reader, items)) {
		size_t at = filter->count++;

		CHECK(at < MOST);
		type = lanner_reader_next(reader);
		if (within || between) {
			lanner_items pair = lanner_read_array(reader);

			CHECK(lanner_next_item(reader, &pair));
			if (between) {
				numbers[2 * at] = read_number(reader);
				CHECK(lanner_next_item(reader, &pair));
				numbers[2 * at + 1] = read_number(reader);
			} else {
				static char networks[256][80];
				static unsigned next;
				const char *address = written_address(lanner_read_text_item(reader));

				CHECK(lanner_next_item(reader, &pair));
				strings[at] = networks[next++ % 256];
				sprintf((char *)strings[at], "%s/%llu", address, (unsigned long long)lanner_read_u64_item(reader));
			}
			CHECK(!lanner_next_item(reader, &pair));
		} else if (type == LANNER_CBOR_BOOL) {
			// Of several, both are meant.
			filter->is.yes = lanner_read_bool_item(reader);
			numbers[at].negative = filter->is.yes;
		} else if (type == LANNER_CBOR_TEXT || type == LANNER_CBOR_BYTES) {
			texts[at] = lanner_read_text_item(reader);
			strings[at] = written_address(texts[at]);
		} else {
			numbers[at] = read_number(reader);
		}
	}
	if (lanner_equals(test, "starts-with"))
		filter->test = LANNER_TEST_STARTS_WITH;
	else if (lanner_equals(test, "ends-with"))
		filter->test = LANNER_TEST_ENDS_WITH;
	else if (lanner_equals(test, "contains"))
		filter->test = LANNER_TEST_CONTAINS;
	else if (lanner_equals(test, "between"))
		filter->test = LANNER_TEST_BETWEEN;
	else if (within)
		filter->test = LANNER_TEST_WITHIN;
	else if (type == LANNER_CBOR_BOOL)
		filter->test = LANNER_TEST_EQUALS_BOOL;
	else if (type == LANNER_CBOR_UNSIGNED || type == LANNER_CBOR_NEGATIVE)
		filter->test = LANNER_TEST_EQUALS_NUMBER;
	else
		filter->test = holds_of(filter->field) == LANNER_HOLDS_ADDRESS ? LANNER_TEST_EQUALS_ADDRESS
									      : LANNER_TEST_EQUALS_TEXT;
	switch (filter->test) {
	case LANNER_TEST_EQUALS_BOOL:
		// In C there is a test for one of them; both together say that it is known.
		if (filter->count == 2 && numbers[0].negative != numbers[1].negative)
			filter->test = LANNER_TEST_KNOWN;
		break;
	case LANNER_TEST_EQUALS_ADDRESS:
	case LANNER_TEST_WITHIN:
		filter->is.strings = strings;
		break;
	case LANNER_TEST_BETWEEN:
	case LANNER_TEST_EQUALS_NUMBER:
		filter->is.numbers = numbers;
		break;
	default:
		filter->is.texts = texts;
	}
}

static const lanner_filter *read_filter(lanner_reader *reader)
{
	static const char *const tests[] = { "all", "any", "not", "known" };
	static const char *const bits[] = { "any-bits", "all-bits", "no-bits" };
	lanner_items items = lanner_read_array(reader);
	lanner_filter *filter = lanner_alloc_zeroed(1, sizeof *filter);
	lanner_text test, name;

	CHECK(lanner_next_item(reader, &items));
	test = lanner_read_text_item(reader);
	for (unsigned number = 0; number <= LANNER_TEST_NOT; number++) {
		const lanner_filter **filters;

		if (!lanner_equals(test, tests[number]))
			continue;
		filters = lanner_alloc(64 * sizeof *filters);
		filter->test = (enum lanner_test_type)number;
		filter->is.filters = filters;
		while (lanner_next_item(reader, &items))
			filters[filter->count++] = read_filter(reader);
		return filter;
	}
	CHECK(lanner_next_item(reader, &items));
	name = lanner_read_text_item(reader);
	filter->name = lanner_print(name).data;
	filter->field = field_of(name);
	if (lanner_equals(test, "known")) {
		filter->test = LANNER_TEST_KNOWN;
		CHECK(!lanner_next_item(reader, &items));
		return filter;
	}
	for (unsigned number = 0; number < 3; number++) {
		if (lanner_equals(test, bits[number])) {
			filter->test = (enum lanner_test_type)(LANNER_TEST_ANY_BITS + number);
			filter->count = 1;
			CHECK(lanner_next_item(reader, &items));
			filter->is.bits = lanner_read_u64_item(reader);
			CHECK(!lanner_next_item(reader, &items));
			return filter;
		}
	}
	read_values(filter, reader, &items, test);
	return filter;
}

// === The rows ===

static lanner_frame frame;

static void nothing(const lanner_event *event, lanner_out *out)
{
	(void)event;
	(void)out;
}

/// What is described is what was read, so far as this SDK has one way to say it.
static void describes(const row *row, const lanner_filter *filter, lanner_text cbor)
{
	const lanner_handler handlers[] = { { LANNER_ON(LANNER_KIND_OPEN), filter, nothing, NULL }, { .on = NULL } };
	const lanner_rule rules[] = { { .id = "a/b", .handlers = handlers }, { .id = NULL } };
	lanner_pack pack = { .name = "a", .version = "1", .rules = rules };
	lanner_writer writer = { { NULL, 0, 0 } };

	lanner_describe(&pack, &writer);
	CHECK_ROW(row, lanner_text_contains(lanner_text_of_bytes(writer.bytes.data, writer.bytes.size), cbor));
	lanner_buffer_free(&writer.bytes);
}

static void holds(const row *row)
{
	lanner_text cbor = bytes_of(row, 2);
	lanner_reader reader = lanner_reader_of(cbor.data, cbor.size);
	const lanner_filter *filter = read_filter(&reader);
	lanner_condition *condition;
	unsigned found = 0;

	CHECK_ROW(row, !reader.wrong && reader.at == reader.end);
	for (uint32_t at = 0; at < lanner_frame_events(&frame); at++) {
		lanner_event event = lanner_frame_event(&frame, at);
		lanner_text wrong;

		if (lanner_event_seq(&event) != number_of(row, 0))
			continue;
		found++;
		wrong = lanner_check_filter(filter, event.kind);
		CHECK_ROW(row, !wrong.data);
		condition = lanner_condition_new(filter);
		CHECK_ROW(row, lanner_condition_holds(condition, &event) == yes_of(row, 3));
		lanner_condition_free(condition);
	}
	CHECK_ROW(row, found == 1);
	// Bytes for what is a text, and several truths, are written in another way here.
	if (!lanner_contains(row->fields[1], "{\"hex\"") && !lanner_contains(row->fields[1], "true,false") &&
	    row->fields[1].data)
		describes(row, filter, cbor);
	lanner_memory_take_back();
}

static void is_refused(const row *row)
{
	lanner_text cbor = bytes_of(row, 2), why = row->fields[3];
	lanner_reader reader = lanner_reader_of(cbor.data, cbor.size);
	unsigned kind = 1;

	while (kind < LANNER_KINDS && !lanner_equals(row->fields[0], lanner_kind_name(kind)))
		kind++;
	// What is no test in C cannot be written.
	if (lanner_starts_with(why, "it needs the test") || lanner_starts_with(why, "it needs other values"))
		return;
	CHECK_ROW(row, lanner_check_filter(read_filter(&reader), kind).data);
	lanner_memory_take_back();
}

int main(int count, char **arguments)
{
	size_t size;
	char *bytes;

	if (count > 1)
		test_folder = arguments[1];
	bytes = read_file("conformance/filter.bin", &size);
	CHECK(!lanner_frame_read(&frame, bytes, size));
	each_row("conformance/filter.tsv", holds);
	each_row("conformance/filter-wrong.tsv", is_refused);
	free(bytes);
	return 0;
}
