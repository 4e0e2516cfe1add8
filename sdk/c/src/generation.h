/// What is prepared once is prepared again after a restart: a test starts packs anew, whose memory is gone then.
#pragma once

/// Another after each restart, and never 0.
extern unsigned lanner_generation;
