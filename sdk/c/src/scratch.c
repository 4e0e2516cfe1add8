// A list of blocks, each of which is filled from its beginning. One of them is kept for the next handler, unless it is so large
// that few handlers need it.
#include "scratch.h"

#include <lanner/memory.h>

#define ALIGNMENT 16
#define BLOCK_SIZE 16384

typedef struct block {
	struct block *before;
	size_t size, used;
} block;

// What is given begins at a multiple of the alignment, as blocks do.
#define HEAD_SIZE ((sizeof(block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static block *newest;

void *lanner_scratch(size_t size)
{
	void *memory;

	if (size > (size_t)-1 - BLOCK_SIZE)
		__builtin_trap();
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!newest || size > newest->size - newest->used) {
		size_t room = size > BLOCK_SIZE - HEAD_SIZE ? size : BLOCK_SIZE - HEAD_SIZE;
		block *added = (block *)lanner_alloc(HEAD_SIZE + room);

		added->before = newest;
		added->size = room;
		added->used = 0;
		newest = added;
	}
	memory = (char *)newest + HEAD_SIZE + newest->used;
	newest->used += size;
	return memory;
}

static void free_beyond(size_t kept)
{
	while (newest && (newest->before || newest->size > kept)) {
		block *freed = newest;

		newest = freed->before;
		lanner_free(freed);
	}
}

void lanner_scratch_reset(void)
{
	free_beyond(BLOCK_SIZE);
	if (newest)
		newest->used = 0;
}

void lanner_scratch_free(void)
{
	free_beyond(0);
}
