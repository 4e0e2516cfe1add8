/// The host of tests.
#pragma once

#include <setjmp.h>

#include "../host.h"

typedef struct lanner_native_host {
	/// Takes a finding, as it travels.
	void (*emit)(void *context, const void *finding, size_t size);
	void *context;
	/// Where it goes on when a pack ends; NULL where the program ends then.
	jmp_buf *ended;
	/// What was said last, and before a pack ends why.
	char said[512];
} lanner_native_host;

extern lanner_native_host lanner_native;
