#include "networks.h"

#include <lanner/matching.h>
#include <lanner/memory.h>

#include "fail.h"
#include "generation.h"
#include "set.h"

/// The addresses from one to another.
typedef struct range {
	uint8_t from[16], to[16];
} range;

/// Ranges in order, none of which touches another.
struct lanner_ranges {
	range *at;
	uint32_t count;
};

static const char wrong_network[] = "networks are written like 10.0.0.0/8 or fd00::/8";

static range range_of(const lanner_network *network)
{
	range covered;

	for (unsigned byte = 0; byte < 16; byte++) {
		int bits = (int)network->bits - (int)(8 * byte);
		uint8_t rest = bits >= 8 ? 0 : bits <= 0 ? 0xff : (uint8_t)(0xff >> bits);

		covered.from[byte] = network->address[byte] & (uint8_t)~rest;
		covered.to[byte] = network->address[byte] | rest;
	}
	return covered;
}

static void add(struct lanner_ranges *ranges, uint32_t capacity, const char *written)
{
	lanner_network network;

	if (!lanner_network_parse(written, &network))
		lanner_fail(written, " is no network: ", wrong_network);
	if (ranges->count < capacity)
		ranges->at[ranges->count++] = range_of(&network);
}

static void sort(struct lanner_ranges *ranges)
{
	uint32_t kept = 0;

	// By insertion, as they are few.
	for (uint32_t number = 1; number < ranges->count; number++) {
		range moved = ranges->at[number];
		uint32_t to = number;

		for (; to > 0 && __builtin_memcmp(ranges->at[to - 1].from, moved.from, 16) > 0; to--)
			ranges->at[to] = ranges->at[to - 1];
		ranges->at[to] = moved;
	}
	for (uint32_t number = 0; number < ranges->count; number++) {
		const range *one = &ranges->at[number];
		range *last = kept > 0 ? &ranges->at[kept - 1] : NULL;

		if (!last || __builtin_memcmp(one->from, last->to, 16) > 0)
			ranges->at[kept++] = *one;
		else if (__builtin_memcmp(one->to, last->to, 16) > 0)
			__builtin_memcpy(last->to, one->to, 16);
	}
	ranges->count = kept;
}

static void renew(lanner_networks *networks)
{
	if (networks->generation == lanner_generation)
		return;
	networks->generation = lanner_generation;
	networks->added = NULL;
	networks->prepared = NULL;
}

static const struct lanner_ranges *prepare(lanner_networks *networks)
{
	uint32_t count = 0;

	renew(networks);
	if (networks->prepared)
		return networks->prepared;
	for (const char *const *network = networks->networks; network && *network; network++)
		count++;
	for (const struct lanner_added *added = networks->added; added; added = added->next)
		count++;
	networks->prepared = lanner_alloc_zeroed(1, sizeof *networks->prepared);
	networks->prepared->at = lanner_alloc_zeroed(count, sizeof(range));
	for (const char *const *network = networks->networks; network && *network; network++)
		add(networks->prepared, count, *network);
	for (const struct lanner_added *added = networks->added; added; added = added->next)
		add(networks->prepared, count, added->text.data);
	sort(networks->prepared);
	return networks->prepared;
}

bool lanner_networks_have(lanner_networks *networks, lanner_address address)
{
	const struct lanner_ranges *ranges = prepare(networks);
	uint32_t from = 0, to = ranges->count;

	if (!address.known)
		return false;
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (__builtin_memcmp(ranges->at[middle].from, address.bytes, 16) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from > 0 && __builtin_memcmp(address.bytes, ranges->at[from - 1].to, 16) <= 0;
}

static void free_prepared(lanner_networks *networks)
{
	if (networks->prepared) {
		lanner_free(networks->prepared->at);
		lanner_free(networks->prepared);
	}
	networks->prepared = NULL;
}

const char *lanner_networks_add(lanner_networks *networks, lanner_text network)
{
	lanner_network parsed;
	// With the NUL that ends a string.
	char *written = lanner_scratch(network.size + 1);

	if (network.size > 0)
		__builtin_memcpy(written, network.data, network.size);
	written[network.size] = '\0';
	if (__builtin_strlen(written) != network.size || !lanner_network_parse(written, &parsed))
		return wrong_network;
	renew(networks);
	free_prepared(networks);
	lanner_added_add(&networks->added, LANNER_EQUAL, lanner_text_of_bytes(written, network.size + 1));
	return NULL;
}

void lanner_networks_clear(lanner_networks *networks)
{
	renew(networks);
	free_prepared(networks);
	lanner_added_free(&networks->added);
}
