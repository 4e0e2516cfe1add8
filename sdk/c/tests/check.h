/// Checks of tests, and what they read.
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// As assert, whatever is defined.
#define CHECK(it)                                                                                                      \
	do {                                                                                                           \
		if (!(it)) {                                                                                           \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #it);                               \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

/// Where the tests of all SDKs lie: the folder `tests` of the repository.
extern const char *test_folder;

/// A file below it, and a NUL behind it. To be freed.
char *read_file(const char *name, size_t *size);
