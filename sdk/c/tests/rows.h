/// Rows of tests/conformance, whose README says how they are written.
#pragma once

#include <lanner/lanner.h>

#include "check.h"

#define MAX_FIELDS 2048

typedef struct row {
	/// Where the row stands, for who has to look it up.
	const char *file;
	unsigned line;
	/// Bytes; one that is `-` is not known, where the column is a text.
	lanner_text fields[MAX_FIELDS];
	unsigned count;
} row;

/// Calls `each` with every row of a file below the folder of tests.
void each_row(const char *file, void (*each)(const row *row));

/// A field that is not a text.
bool yes_of(const row *row, unsigned field);
unsigned long long number_of(const row *row, unsigned field);
/// 16 bytes, in hexadecimal.
lanner_address address_of(const row *row, unsigned field);
/// Bytes in hexadecimal, in place.
lanner_text bytes_of(const row *row, unsigned field);
/// A field as a string that ends with a NUL, which stays until the program ends.
const char *string_of(const row *row, unsigned field);

#define CHECK_ROW(row, it)                                                                                             \
	do {                                                                                                           \
		if (!(it)) {                                                                                           \
			fprintf(stderr, "%s:%u: not so: %s\n", (row)->file, (row)->line, #it);                         \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)
