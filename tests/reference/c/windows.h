// How many files each process opened lately.
#pragma once

#include <lanner/lanner.h>

// Processes that are remembered.
#define WINDOWS_MOST 1024

typedef struct window {
	uint64_t process;
	uint64_t start;
	uint64_t count;
	bool reported;
} window;

// All zero, it is empty.
typedef struct windows {
	window at[WINDOWS_MOST];
	uint32_t count;
	// By process: where in `at` its window is, plus one. Twice as many as there are windows, so that some are always free.
	uint16_t places[2 * WINDOWS_MOST];
} windows;

// Counts an open; gives the count where that is more than `burst` for the first time in its window, otherwise 0.
uint64_t windows_opened(windows *windows, uint64_t process, uint64_t now, uint64_t burst);

// Writes them by start and process.
void windows_save(const windows *windows, lanner_writer *writer);

// Reads what was saved; false where it is not that.
bool windows_restore(windows *windows, lanner_reader *reader);
