#include "host.h"

#include <stdio.h>
#include <stdlib.h>

lanner_native_host lanner_native;

void lanner_host_emit(const void *finding, size_t size)
{
	if (lanner_native.emit)
		lanner_native.emit(lanner_native.context, finding, size);
}

void lanner_host_log(enum lanner_level level, lanner_text message)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	snprintf(lanner_native.said, sizeof lanner_native.said, "%.*s", (int)message.size, message.data);
	if (!lanner_native.ended)
		fprintf(stderr, "%s: %.*s\n", names[level], (int)message.size, message.data);
}

_Noreturn void lanner_host_end(void)
{
	if (lanner_native.ended)
		longjmp(*lanner_native.ended, 1);
	abort();
}
