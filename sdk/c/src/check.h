/// What a host would refuse of a pack, found before it is asked.
#pragma once

#include <lanner/pack.h>

/// Ends the pack with a sentence where it says something of itself that makes no sense.
void lanner_check_pack(const lanner_pack *pack);

/// What is wrong with a filter on events of a kind; unknown where nothing is.
lanner_text lanner_check_filter(const lanner_filter *filter, unsigned kind);
