/// What a pack raised, as tests see it.
#pragma once

#include <lanner/testing.h>

typedef struct lanner_findings {
	lanner_found **at;
	size_t count;
} lanner_findings;

/// Adds a finding, as it travels. Ends the test where it is none.
void lanner_findings_add(lanner_findings *findings, const lanner_pack *pack, const void *finding, size_t size);

void lanner_findings_free(lanner_findings *findings);
