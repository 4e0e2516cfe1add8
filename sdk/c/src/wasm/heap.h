/// The memory of a pack: from where its data ends to where its linear memory does.
///
/// Small blocks have sizes that are powers of two, and a list of free ones for each: taking and freeing one is a step or two, and
/// they are never given back. Large ones, such as frames, lie in order with the free ones between them, which grow together
/// again: what one batch freed the next one takes, so that the memory does not grow with the number of batches.
#pragma once

#include <stddef.h>

typedef struct lanner_heap lanner_heap;

/// Makes the memory longer by so many bytes, right behind where it ended; gives where they begin, or NULL where there is no more.
/// What it gives the first time begins at a multiple of 16.
typedef void *lanner_heap_grow(size_t size);

/// The one heap of the pack.
void *lanner_heap_take(size_t size, lanner_heap_grow *grow);
void lanner_heap_give(void *memory);

/// How many bytes may be used of a block.
size_t lanner_heap_size(const void *memory);
