/// What a pack says of itself.
#pragma once

#include <lanner/pack.h>

/// How severe, as it travels.
const char *lanner_severity_name(enum lanner_severity severity);

/// Writes the description of a pack that was checked. Of each rule's handlers every kind is a subscription, in their order.
void lanner_describe(const lanner_pack *pack, lanner_writer *writer);
