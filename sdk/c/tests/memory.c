// Memory is bounded: a million batches leave nothing behind, with the C library's memory and with a pack's own heap.
#include <lanner/memory.h>
#include <lanner/testing.h>

#include "../src/native/host.h"
#include "../src/native/memory.h"
#include "../src/running.h"
#include "../src/scratch.h"
#include "../src/wasm/heap.h"
#include "../testing/made.h"
#include "check.h"

static lanner_set trusted;

static void on_open(const lanner_event *event, lanner_out *out)
{
	lanner_finding *finding = lanner_raise(out, lanner_event_process(event), " read ", lanner_open_path(event));

	if (lanner_set_has(&trusted, lanner_open_path(event)))
		return;
	lanner_fact(finding, "path", lanner_open_path(event));
	lanner_fact_text(finding, "line", lanner_process_command_line(lanner_event_process(event)));
	lanner_key(finding, lanner_print(lanner_open_path(event), "!"));
	// As much as fits into no block that is kept.
	memset(lanner_scratch(40000), 1, 40000);
}

static const lanner_pack pack = {
	.name = "memory",
	.version = "1.0.0",
	.rules = LANNER_RULES({
		.id = "memory/open",
		.handlers = LANNER_HANDLERS({
			.on = LANNER_ON(LANNER_KIND_OPEN),
			.only = LANNER_NOT(LANNER_CONTAINS(open.path, "nothing like it")),
			.run = on_open,
		}),
	}),
};

static void a_million_batches_leave_nothing(unsigned batches)
{
	lanner_test *test = lanner_test_new(&pack);
	lanner_running *running;
	lanner_made_event *events[] = { lanner_make_open(test, "/etc/shadow"), lanner_make_open(test, "/etc/gshadow") };
	lanner_memory_use warm = { 0 };
	size_t size;
	uint8_t *frame;

	events[0]->by = lanner_make_process(test, "/usr/bin/cat");
	events[1]->by = events[0]->by;
	frame = lanner_made_frame(events, 2, NULL, 0, &size);
	// Nobody keeps what is raised.
	lanner_native.emit = NULL;
	running = lanner_running_new(&pack);
	lanner_running_configure(running, "\xa0", 1);
	for (unsigned batch = 0; batch < batches; batch++) {
		CHECK(!lanner_running_evaluate(running, frame, size));
		if (batch == 100)
			warm = lanner_memory_in_use();
	}
	CHECK(lanner_memory_in_use().blocks == warm.blocks && lanner_memory_in_use().bytes == warm.bytes);
	CHECK(lanner_memory_in_use().most_bytes == warm.most_bytes);
	lanner_running_free(running);
	free(frame);
	lanner_test_end(test);
	CHECK(lanner_memory_in_use().blocks == 0);
}

// === The heap of a pack, in a memory that grows as WebAssembly's does ===

static _Alignas(16) unsigned char linear[64 << 20];
static size_t grown;

static void *grow(size_t size)
{
	void *from = linear + grown;

	if (size > sizeof linear - grown)
		return NULL;
	grown += size;
	return from;
}

static unsigned random_state = 12345;

static unsigned next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

/// Blocks that are in use: filled with a byte of their own, so that one that lies in another is seen.
static struct {
	unsigned char *at;
	size_t size;
	unsigned char byte;
} blocks[512];

static void check_block(unsigned number)
{
	for (size_t at = 0; at < blocks[number].size; at += at < 64 ? 1 : 997)
		CHECK(blocks[number].at[at] == blocks[number].byte);
	CHECK(lanner_heap_size(blocks[number].at) >= blocks[number].size);
}

static void blocks_do_not_lie_in_one_another(void)
{
	for (unsigned round = 0; round < 200000; round++) {
		unsigned number = next_random() % 512;

		if (blocks[number].at) {
			check_block(number);
			lanner_heap_give(blocks[number].at);
			blocks[number].at = NULL;
			continue;
		}
		blocks[number].size = next_random() % 16 ? next_random() % 2000 : next_random() % 200000;
		blocks[number].byte = (unsigned char)next_random();
		blocks[number].at = lanner_heap_take(blocks[number].size, grow);
		CHECK(blocks[number].at && (size_t)(blocks[number].at - linear) % 16 == 0);
		memset(blocks[number].at, blocks[number].byte, blocks[number].size);
	}
	for (unsigned number = 0; number < 512; number++) {
		if (blocks[number].at) {
			check_block(number);
			lanner_heap_give(blocks[number].at);
		}
	}
}

/// Frames of all sizes, and what a pack takes while it judges them.
static void memory_does_not_grow_with_batches(void)
{
	size_t most = 0;

	for (unsigned batch = 0; batch < 1000000; batch++) {
		void *frame = lanner_heap_take(next_random() % (batch % 1000 == 0 ? 4 << 20 : 60000), grow), *finding;

		finding = lanner_heap_take(next_random() % 5000, grow);
		CHECK(frame && finding);
		lanner_heap_give(frame);
		lanner_heap_give(finding);
		if (batch == 100000)
			most = grown;
	}
	CHECK(most > 0 && grown <= most + (4 << 20) && grown < 24 << 20);
	CHECK(!lanner_heap_take(sizeof linear, grow) && !lanner_heap_take((size_t)-1, grow));
}

int main(int count, char **arguments)
{
	(void)arguments;
	a_million_batches_leave_nothing(count > 1 ? 1000000 : 20000);
	blocks_do_not_lie_in_one_another();
	memory_does_not_grow_with_batches();
	return 0;
}
