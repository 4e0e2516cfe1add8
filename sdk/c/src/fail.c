#include "fail.h"

#include "host.h"

void lanner_fail_pieces(const lanner_piece *pieces, size_t count)
{
	lanner_host_log(LANNER_ERROR, lanner_print_pieces(pieces, count));
	lanner_host_end();
}

void lanner_log_pieces(enum lanner_level level, const lanner_piece *pieces, size_t count)
{
	lanner_host_log(level, lanner_print_pieces(pieces, count));
}
