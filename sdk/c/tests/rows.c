#include "rows.h"

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/// Undoes the escapes of a field, in place. One that is `-` is not known.
static lanner_text unescaped(char *from, char *to)
{
	lanner_text text = { from, 0 };
	char *at = from;

	if (to - from == 1 && *from == '-') {
		text.data = NULL;
		return text;
	}
	for (char *c = from; c < to; c++) {
		if (*c == '\\') {
			*at++ = (char)(digit(c[2]) << 4 | digit(c[3]));
			c += 3;
		} else {
			*at++ = *c;
		}
	}
	text.size = (size_t)(at - from);
	return text;
}

void each_row(const char *file, void (*each)(const row *row))
{
	size_t size;
	char *bytes = read_file(file, &size), *at = bytes;
	row row = { .file = file };
	unsigned rows = 0;

	while (at < bytes + size) {
		char *end = strchr(at, '\n');

		CHECK(end);
		row.line++;
		row.count = 0;
		for (char *from = at; from <= end;) {
			char *to = from;

			while (to < end && *to != '\t')
				to++;
			CHECK(row.count < MAX_FIELDS);
			// Before it is changed in place, where the next one begins.
			row.fields[row.count++] = *bytes == '#' && row.line == 1 ? lanner_text_of_bytes(from, 0)
									     : unescaped(from, to);
			from = to + 1;
		}
		at = end + 1;
		if (row.line == 1)
			continue;
		each(&row);
		rows++;
	}
	CHECK(rows > 0);
	free(bytes);
}

bool yes_of(const row *row, unsigned field)
{
	CHECK_ROW(row, field < row->count);
	if (lanner_equals(row->fields[field], "yes"))
		return true;
	CHECK_ROW(row, lanner_equals(row->fields[field], "no"));
	return false;
}

unsigned long long number_of(const row *row, unsigned field)
{
	CHECK_ROW(row, field < row->count);
	return strtoull(string_of(row, field), NULL, 10);
}

lanner_text bytes_of(const row *row, unsigned field)
{
	lanner_text hexadecimal = row->fields[field];
	char *bytes = (char *)hexadecimal.data;

	for (size_t at = 0; at < hexadecimal.size / 2; at++)
		bytes[at] = (char)(digit(hexadecimal.data[2 * at]) << 4 | digit(hexadecimal.data[2 * at + 1]));
	return lanner_text_of_bytes(bytes, hexadecimal.size / 2);
}

lanner_address address_of(const row *row, unsigned field)
{
	lanner_address address = { true, { 0 } };
	lanner_text bytes = bytes_of(row, field);

	CHECK_ROW(row, bytes.size == 16);
	memcpy(address.bytes, bytes.data, 16);
	return address;
}

const char *string_of(const row *row, unsigned field)
{
	static char *strings[4096];
	static unsigned count;
	char *string = calloc(1, row->fields[field].size + 1);

	// They are kept in reach, so that nobody takes them for lost.
	free(strings[count % 4096]);
	strings[count++ % 4096] = string;
	memcpy(string, row->fields[field].data, row->fields[field].size);
	return string;
}
