/// UTF-8, as far as texts need it.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Instead of a character: bytes that are none.
#define LANNER_NOT_UTF8 UINT32_MAX

/// The character that a text begins with, and how many bytes it has. Where there is none, how many bytes are to be passed over as
/// one mistake: as many as could be the beginning of a character (Unicode 3.9, "maximal subpart"). `size` is not 0.
uint32_t lanner_utf8_next(const char *text, size_t size, size_t *length);
