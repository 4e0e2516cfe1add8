// The memory of packs that have a C library, as those in C++ do: there cannot be two heaps.
#include <lanner/memory.h>

#include <stdlib.h>

static void *there_is(void *memory)
{
	if (!memory)
		__builtin_trap();
	return memory;
}

void *lanner_alloc(size_t size)
{
	return there_is(malloc(size > 0 ? size : 1));
}

void *lanner_alloc_zeroed(size_t count, size_t size)
{
	return there_is(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *lanner_resize(void *memory, size_t size)
{
	return there_is(realloc(memory, size > 0 ? size : 1));
}

void lanner_free(void *memory)
{
	free(memory);
}
