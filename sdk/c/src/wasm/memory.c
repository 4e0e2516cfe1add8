#include <lanner/memory.h>

#include <stdint.h>

#include "heap.h"

#define PAGE 65536

/// Where the pack's data ends, by the linker.
extern unsigned char __heap_base;

static uintptr_t end;

static void *grow(size_t size)
{
	uintptr_t from, there = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE;

	if (end == 0)
		end = ((uintptr_t)&__heap_base + 15) / 16 * 16;
	from = end;
	if (size > there - from) {
		size_t pages = (size - (there - from) + PAGE - 1) / PAGE;

		if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX)
			return NULL;
	}
	end = from + size;
	return (void *)from;
}

void *lanner_alloc(size_t size)
{
	void *memory = lanner_heap_take(size, grow);

	if (!memory)
		__builtin_trap();
	return memory;
}

void *lanner_alloc_zeroed(size_t count, size_t size)
{
	size_t all;
	void *memory;

	if (__builtin_mul_overflow(count, size, &all))
		__builtin_trap();
	memory = lanner_alloc(all);
	return __builtin_memset(memory, 0, all);
}

void *lanner_resize(void *memory, size_t size)
{
	void *moved;
	size_t there;

	if (!memory)
		return lanner_alloc(size);
	there = lanner_heap_size(memory);
	if (size <= there)
		return memory;
	moved = lanner_alloc(size);
	__builtin_memcpy(moved, memory, there);
	lanner_heap_give(memory);
	return moved;
}

void lanner_free(void *memory)
{
	if (memory)
		lanner_heap_give(memory);
}
