/// Networks, in the notation of CIDR.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// An address, and how many of its 128 bits count.
typedef struct lanner_network {
	uint8_t address[16];
	uint8_t bits;
} lanner_network;

/// Reads a network such as `10.0.0.0/8` or `fd00::/8`; false where it is none.
bool lanner_network_parse(const char *written, lanner_network *network);

bool lanner_network_has(const lanner_network *network, const uint8_t *address);
