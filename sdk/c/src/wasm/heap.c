#include "heap.h"

#include <stdbool.h>
#include <stdint.h>

#define ALIGNMENT 16
/// Blocks of 16, 32, … bytes, their heads counted.
#define SMALLEST 32
#define CLASSES 9
#define LARGEST_SMALL ((size_t)SMALLEST << (CLASSES - 1))
/// So much is taken for small blocks of one size, at the least.
#define SLAB_SIZE 16384
/// The memory grows by multiples of it.
#define GROWTH 65536

/// Before every block. `size` counts it, and is a multiple of the alignment.
typedef struct head {
	size_t size;
	/// Of a free block the next one.
	struct head *next;
	/// So that what follows is aligned also where a pointer has 4 bytes.
	char padding[ALIGNMENT - (sizeof(size_t) + sizeof(void *)) % ALIGNMENT];
} __attribute__((aligned(ALIGNMENT))) head;

/// Free small blocks, by their sizes.
static head *small[CLASSES];
/// Free large blocks, by where they lie.
static head *large;

static unsigned class_of(size_t size)
{
	unsigned number = 0;

	while (((size_t)SMALLEST << number) < size)
		number++;
	return number;
}

/// Adds a free block, and joins it with those that lie right before and behind it.
static void give_large(head *given)
{
	head *before = NULL, *behind = large;

	while (behind && behind < given) {
		before = behind;
		behind = behind->next;
	}
	given->next = behind;
	if (before)
		before->next = given;
	else
		large = given;
	if (behind && (char *)given + given->size == (char *)behind) {
		given->size += behind->size;
		given->next = behind->next;
	}
	if (before && (char *)before + before->size == (char *)given) {
		before->size += given->size;
		before->next = given->next;
	}
}

/// The first free block that is large enough; what is left of it stays free.
static head *take_large(size_t size)
{
	for (head **link = &large; *link; link = &(*link)->next) {
		head *taken = *link;

		if (taken->size < size)
			continue;
		if (taken->size - size > LARGEST_SMALL) {
			head *rest = (head *)((char *)taken + size);

			rest->size = taken->size - size;
			rest->next = taken->next;
			*link = rest;
			taken->size = size;
		} else {
			*link = taken->next;
		}
		return taken;
	}
	return NULL;
}

static head *take_grown(size_t size, lanner_heap_grow *grow)
{
	head *taken = take_large(size), *added, *last = large;
	size_t missing = size;

	if (taken)
		return taken;
	// A free block at the end only has to become longer.
	while (last && last->next)
		last = last->next;
	if (last && (char *)grow(0) == (char *)last + last->size)
		missing -= last->size;
	missing = (missing + GROWTH - 1) / GROWTH * GROWTH;
	added = (head *)grow(missing);
	if (!added)
		return NULL;
	added->size = missing;
	give_large(added);
	return take_large(size);
}

static head *take_small(unsigned number, lanner_heap_grow *grow)
{
	size_t size = (size_t)SMALLEST << number;
	head *taken = small[number];

	if (!taken) {
		size_t slab = size > SLAB_SIZE / 4 ? 4 * size : SLAB_SIZE;
		head *from = take_grown(slab, grow);

		if (!from)
			return NULL;
		slab = from->size;
		for (size_t at = 0; slab - at >= size; at += size) {
			head *block = (head *)((char *)from + at);

			block->size = size;
			block->next = small[number];
			small[number] = block;
		}
		taken = small[number];
	}
	small[number] = taken->next;
	return taken;
}

void *lanner_heap_take(size_t size, lanner_heap_grow *grow)
{
	head *taken;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + sizeof(head) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	taken = size <= LARGEST_SMALL ? take_small(class_of(size), grow) : take_grown(size, grow);
	return taken ? taken + 1 : NULL;
}

void lanner_heap_give(void *memory)
{
	head *given = (head *)memory - 1;

	if (given->size > LARGEST_SMALL) {
		give_large(given);
	} else {
		unsigned number = class_of(given->size);

		given->next = small[number];
		small[number] = given;
	}
}

size_t lanner_heap_size(const void *memory)
{
	return ((const head *)memory - 1)->size - sizeof(head);
}
