/// What a pack cannot go on after.
#pragma once

#include <lanner/print.h>

/// Says what is wrong, in one sentence, and ends the pack.
_Noreturn void lanner_fail_pieces(const lanner_piece *pieces, size_t count);

#define lanner_fail(...) lanner_fail_pieces(LANNER_PIECES(__VA_ARGS__))
