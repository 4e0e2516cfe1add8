/// What is needed while a handler runs.
#pragma once

/// Takes back all that `lanner_scratch` gave.
void lanner_scratch_reset(void);

/// Frees what is kept for the next handlers.
void lanner_scratch_free(void);
