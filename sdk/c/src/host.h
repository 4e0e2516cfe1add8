/// What a pack calls of its host; in tests the test is the host.
#pragma once

#include <lanner/finding.h>

void lanner_host_emit(const void *finding, size_t size);
void lanner_host_log(enum lanner_level level, lanner_text message);

/// Ends the pack, after what was said.
_Noreturn void lanner_host_end(void);
