/// What is known of the memory in tests.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct lanner_memory_use {
	size_t blocks, bytes;
	/// The most there ever was, in bytes.
	size_t most_bytes;
} lanner_memory_use;

lanner_memory_use lanner_memory_in_use(void);

/// Takes back all that there is, as a host does when a pack ends.
void lanner_memory_take_back(void);
