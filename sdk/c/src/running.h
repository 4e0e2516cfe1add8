/// A pack that runs: its rules, and the way of a frame's events to their handlers.
#pragma once

#include <lanner/pack.h>

typedef struct lanner_running lanner_running;

/// Starts a pack: its state becomes zero. Ends with a sentence where the pack says of itself what makes no sense.
lanner_running *lanner_running_new(const lanner_pack *pack);

void lanner_running_free(lanner_running *running);

// The calls of the contract (docs/contract.md). Those that give a sentence give NULL where all is well; the sentence stays until
// the next call.

void lanner_running_describe(lanner_running *running, lanner_writer *description);
const char *lanner_running_configure(lanner_running *running, const void *configuration, size_t size);
const char *lanner_running_evaluate(lanner_running *running, const void *frame, size_t size);
void lanner_running_tick(lanner_running *running, uint64_t now);
void lanner_running_save(lanner_running *running, lanner_writer *state);
const char *lanner_running_restore(lanner_running *running, const void *state, size_t size, lanner_text version);

/// Whether some handler of the pack would be given an event: what a host asks.
bool lanner_running_wants(const lanner_running *running, const lanner_event *event);

/// Writes which of the pack's subscriptions an event passes, a bit each: what a host says. Gives how many there are.
uint32_t lanner_running_passed(const lanner_running *running, const lanner_event *event, uint8_t *bits);
