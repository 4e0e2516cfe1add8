// The C library's memory, of which is known what is in use: a test can see that a pack gives back what it takes, and takes all of
// it back when the pack starts anew.
#include "memory.h"

#include <stdlib.h>

#include <lanner/memory.h>

#include "../generation.h"
#include "../scratch.h"

typedef struct head {
	struct head *before, *behind;
	size_t size;
	// So that what follows is aligned as the C library aligns it.
	size_t padding;
} head;

static head *first;
static lanner_memory_use use;

static void link_in(head *block)
{
	block->before = NULL;
	block->behind = first;
	if (first)
		first->before = block;
	first = block;
	use.blocks++;
	use.bytes += block->size;
	if (use.bytes > use.most_bytes)
		use.most_bytes = use.bytes;
}

static void link_out(head *block)
{
	if (block->before)
		block->before->behind = block->behind;
	else
		first = block->behind;
	if (block->behind)
		block->behind->before = block->before;
	use.blocks--;
	use.bytes -= block->size;
}

void *lanner_alloc(size_t size)
{
	head *block = size > SIZE_MAX / 2 ? NULL : malloc(sizeof *block + size);

	if (!block)
		abort();
	block->size = size;
	link_in(block);
	return block + 1;
}

void *lanner_alloc_zeroed(size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all))
		abort();
	return __builtin_memset(lanner_alloc(all), 0, all);
}

void *lanner_resize(void *memory, size_t size)
{
	head *block = memory ? (head *)memory - 1 : NULL;

	if (!block)
		return lanner_alloc(size);
	link_out(block);
	block = size > SIZE_MAX / 2 ? NULL : realloc(block, sizeof *block + size);
	if (!block)
		abort();
	block->size = size;
	link_in(block);
	return block + 1;
}

void lanner_free(void *memory)
{
	head *block = memory ? (head *)memory - 1 : NULL;

	if (!block)
		return;
	link_out(block);
	free(block);
}

lanner_memory_use lanner_memory_in_use(void)
{
	return use;
}

void lanner_memory_take_back(void)
{
	lanner_scratch_free();
	while (first)
		lanner_free(first + 1);
	use.most_bytes = 0;
	lanner_generation++;
}
