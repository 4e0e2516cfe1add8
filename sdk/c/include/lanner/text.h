/// @file
/// Texts of the kernel: bytes, most often UTF-8, never certainly.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANNER_INLINE static inline

#ifdef __cplusplus
extern "C" {
#endif

/// A text. It is not ended by a NUL.
///
/// It may be unknown, which is not the same as empty: an unknown text equals no other, and nothing is in it. Then `data` is
/// NULL.
typedef struct lanner_text {
	const char *data;
	size_t size;
} lanner_text;

/// Bytes as a text.
LANNER_INLINE lanner_text lanner_text_of_bytes(const void *data, size_t size)
{
	lanner_text text = { size > 0 || data ? (const char *)data : "", size };

	return text;
}

/// A string that is ended by a NUL as a text; an unknown one, where it is NULL.
LANNER_INLINE lanner_text lanner_text_of(const char *string)
{
	lanner_text text = { string, string ? __builtin_strlen(string) : 0 };

	return text;
}

LANNER_INLINE lanner_text lanner_text_itself(lanner_text text)
{
	return text;
}

/// Whether it is known.
LANNER_INLINE bool lanner_text_is_known(lanner_text text)
{
	return text.data != NULL;
}

/// Whether nothing is in it, as also where it is unknown.
LANNER_INLINE bool lanner_text_is_empty(lanner_text text)
{
	return text.size == 0;
}

/// Whether both are known, and have the same bytes.
LANNER_INLINE bool lanner_text_equals(lanner_text text, lanner_text other)
{
	return text.data && other.data && text.size == other.size &&
	       __builtin_memcmp(text.data, other.data, text.size) == 0;
}

/// Whether it begins with `prefix`.
LANNER_INLINE bool lanner_text_starts_with(lanner_text text, lanner_text prefix)
{
	return text.data && prefix.data && text.size >= prefix.size && __builtin_memcmp(text.data, prefix.data, prefix.size) == 0;
}

/// Whether it ends with `suffix`.
LANNER_INLINE bool lanner_text_ends_with(lanner_text text, lanner_text suffix)
{
	return text.data && suffix.data && text.size >= suffix.size &&
	       __builtin_memcmp(text.data + (text.size - suffix.size), suffix.data, suffix.size) == 0;
}

/// Less than, equal to or greater than 0, as `memcmp`; an unknown one comes before all others.
int lanner_text_compare(lanner_text text, lanner_text other);

/// Whether `part` is anywhere in it. What is empty is in every text that is known.
bool lanner_text_contains(lanner_text text, lanner_text part);

/// Whether it is one of these strings, of which NULL is the last.
bool lanner_text_is_one_of(lanner_text text, const char *const *strings);

/// As a path: what follows the last `/`.
lanner_text lanner_file_name(lanner_text path);

/// As a path: what stands before the last `/`; `/` for what lies at the top, empty where there is no `/`.
lanner_text lanner_directory(lanner_text path);

/// As a path: whether it lies below `directory`, at any depth. A path is not below itself, and `/etc/cron.daily` not below
/// `/etc/cron`.
bool lanner_text_is_under(lanner_text path, lanner_text directory);

#ifdef __cplusplus
}
#else

// The same for whoever has a string to compare with: `lanner_starts_with(path, "/etc/")`.

/// A string or a text as a text.
#define LANNER_TEXT(text)                                                                                              \
	_Generic((text), char *: lanner_text_of, const char *: lanner_text_of, lanner_text: lanner_text_itself)(text)

/// Whether a text is this one.
#define lanner_equals(text, other) lanner_text_equals(text, LANNER_TEXT(other))
/// Whether a text begins so.
#define lanner_starts_with(text, prefix) lanner_text_starts_with(text, LANNER_TEXT(prefix))
/// Whether a text ends so.
#define lanner_ends_with(text, suffix) lanner_text_ends_with(text, LANNER_TEXT(suffix))
/// Whether this is anywhere in a text.
#define lanner_contains(text, part) lanner_text_contains(text, LANNER_TEXT(part))
/// Whether a path lies below a folder.
#define lanner_is_under(path, directory) lanner_text_is_under(path, LANNER_TEXT(directory))
/// Whether a text is one of these strings.
#define lanner_is_one_of(text, ...) lanner_text_is_one_of(text, (const char *const[]){ __VA_ARGS__, NULL })

#endif
