/// What is set.
#pragma once

#include <lanner/pack.h>

/// The defaults of what a pack has.
lanner_settings *lanner_settings_new(const lanner_setting *settings);

/// Takes a map of what was set, by name. Gives NULL, or in a sentence what the pack does not take.
const char *lanner_settings_read(lanner_settings *settings, lanner_reader *reader);

void lanner_settings_free(lanner_settings *settings);
