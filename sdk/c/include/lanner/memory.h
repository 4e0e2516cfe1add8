/// @file
/// Memory. In a pack there is no C library: these take its place. In tests they are the C library's.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that stay until they are freed. Never NULL: where there is no memory left, the pack ends.
void *lanner_alloc(size_t size);

/// The same for `count` things of `size` bytes each, all zero.
void *lanner_alloc_zeroed(size_t count, size_t size);

/// Makes what `lanner_alloc` gave larger or smaller, which may move it. `memory` may be NULL.
void *lanner_resize(void *memory, size_t size);

/// Frees what `lanner_alloc` gave; NULL is nothing to free.
void lanner_free(void *memory);

/// Bytes that are gone by themselves when the handler or hook returns: for what is needed only meanwhile.
void *lanner_scratch(size_t size);

#ifdef __cplusplus
}
#endif
