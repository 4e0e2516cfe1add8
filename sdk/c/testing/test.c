#include <lanner/testing.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/check.h"
#include "../src/native/host.h"
#include "../src/native/memory.h"
#include "../src/running.h"
#include "found.h"
#include "made.h"

/// The host ticks at every full second of event time, and after a jump in time makes up for so many.
#define TICK 1000000000u
#define MISSED_TICKS 3600

/// Memory of the test, as a list.
typedef struct chunk {
	struct chunk *before;
	// So that what follows is aligned as the C library aligns it.
	size_t padding;
} chunk;

struct lanner_test {
	const lanner_pack *pack;
	lanner_running *running;
	chunk *chunks;
	lanner_writer configuration;
	lanner_findings findings;
	bool tells_what_passes;
	uint64_t now, next_tick, seq;
};

static lanner_test *current;

static _Noreturn void wrong(const char *what, const char *why)
{
	fprintf(stderr, "%s%s\n", what, why);
	abort();
}

void *lanner_test_alloc(lanner_test *test, size_t size)
{
	chunk *added = calloc(1, sizeof *added + size);

	added->before = test->chunks;
	test->chunks = added;
	return added + 1;
}

char *lanner_test_copy(lanner_test *test, lanner_text text)
{
	char *copy = lanner_test_alloc(test, text.size + 1);

	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	return copy;
}

static void collect(void *context, const void *finding, size_t size)
{
	lanner_test *test = context;

	lanner_findings_add(&test->findings, test->pack, finding, size);
}

// === Settings, as people write them ===

static void write_texts(lanner_writer *writer, char *written)
{
	size_t count = 0;
	char *at;

	for (at = written; *at; at++)
		count += *at == ',';
	lanner_write_array(writer, *written ? count + 1 : 0);
	for (at = strtok(written, ","); at; at = strtok(NULL, ","))
		lanner_write_string(writer, at);
}

static void write_setting(lanner_writer *writer, const lanner_pack *pack, const char *written)
{
	const lanner_setting *setting = pack->settings;
	const char *equals = strchr(written, '=');
	char *value = equals ? strdup(equals + 1) : NULL;
	size_t size = equals ? (size_t)(equals - written) : 0;

	while (setting && setting->name && (strlen(setting->name) != size || memcmp(setting->name, written, size) != 0))
		setting++;
	if (!setting || !setting->name)
		wrong("the pack has no such setting: ", written);
	lanner_write_string(writer, setting->name);
	switch (setting->type) {
	case LANNER_SETTING_OF_TEXTS:
		write_texts(writer, value);
		break;
	case LANNER_SETTING_OF_NUMBER:
		lanner_write_i64(writer, atoll(value));
		break;
	case LANNER_SETTING_OF_BOOL:
		lanner_write_bool(writer, strcmp(value, "true") == 0);
		break;
	default:
		lanner_write_string(writer, value);
	}
	free(value);
}

static uint64_t rule_of(const lanner_pack *pack, const char *id)
{
	for (uint64_t number = 0; pack->rules[number].id; number++) {
		if (strcmp(pack->rules[number].id, id) == 0)
			return number;
	}
	wrong("the pack has no such rule: ", id);
}

static void write_configuration(lanner_test *test, const char *const *settings, const char *const *off)
{
	lanner_writer *writer = &test->configuration;
	size_t count = 0;

	lanner_write_map(writer, 2);
	lanner_write_string(writer, "settings");
	while (settings && settings[count])
		count++;
	lanner_write_map(writer, count);
	for (size_t at = 0; at < count; at++)
		write_setting(writer, test->pack, settings[at]);
	lanner_write_string(writer, "off");
	for (count = 0; off && off[count];)
		count++;
	lanner_write_array(writer, count);
	for (size_t at = 0; at < count; at++)
		lanner_write_u64(writer, rule_of(test->pack, off[at]));
}

// === Beginning and ending ===

static void start(lanner_test *test)
{
	const char *error;

	test->running = lanner_running_new(test->pack);
	error = lanner_running_configure(test->running, test->configuration.bytes.data, test->configuration.bytes.size);
	if (error)
		wrong("the pack does not take its settings: ", error);
}

lanner_test *lanner_test_new(const lanner_pack *pack)
{
	return lanner_test_new_with(pack, NULL, NULL);
}

/// A test of which the pack is not started yet.
static lanner_test *begin_test(const lanner_pack *pack)
{
	lanner_test *test;

	if (current)
		wrong("there is another test still; end it first", "");
	lanner_memory_take_back();
	test = calloc(1, sizeof *test);
	current = test;
	test->pack = pack;
	test->tells_what_passes = true;
	test->now = LANNER_TEST_BEGINNING;
	test->next_tick = LANNER_TEST_BEGINNING + TICK;
	lanner_native.emit = collect;
	lanner_native.context = test;
	return test;
}

lanner_test *lanner_test_new_with(const lanner_pack *pack, const char *const *settings, const char *const *off)
{
	lanner_test *test = begin_test(pack);

	write_configuration(test, settings, off);
	start(test);
	return test;
}

lanner_test *lanner_test_new_configured(const lanner_pack *pack, lanner_text configuration)
{
	lanner_test *test = begin_test(pack);

	lanner_buffer_add(&test->configuration.bytes, configuration.data, configuration.size);
	start(test);
	return test;
}

void lanner_test_end(lanner_test *test)
{
	lanner_findings_free(&test->findings);
	while (test->chunks) {
		chunk *freed = test->chunks;

		test->chunks = freed->before;
		free(freed);
	}
	lanner_memory_take_back();
	lanner_native.emit = NULL;
	free(test);
	current = NULL;
}

const char *lanner_test_refusal(const lanner_pack *pack)
{
	jmp_buf ended;
	const char *volatile refusal = lanner_native.said;

	if (current)
		lanner_test_end(current);
	lanner_native.ended = &ended;
	if (setjmp(ended) == 0) {
		lanner_check_pack(pack);
		refusal = NULL;
	}
	lanner_native.ended = NULL;
	lanner_memory_take_back();
	return refusal;
}

lanner_text lanner_test_save(lanner_test *test)
{
	lanner_writer state = { { NULL, 0, 0 } };
	lanner_text saved;

	lanner_running_save(test->running, &state);
	saved = lanner_text_of_bytes(state.bytes.data, state.bytes.size);
	saved.data = lanner_test_copy(test, saved);
	lanner_buffer_free(&state.bytes);
	return saved;
}

const char *lanner_test_restore(lanner_test *test, lanner_text state, const char *version)
{
	return lanner_test_restore_as(test, test->pack, state, version);
}

const char *lanner_test_restore_as(lanner_test *test, const lanner_pack *pack, lanner_text state, const char *version)
{
	lanner_buffer *configuration = &test->configuration.bytes;
	lanner_text told = lanner_text_of_bytes(configuration->data, configuration->size);

	// Of the pack's memory, in which the configuration lies too, nothing is left.
	told.data = lanner_test_copy(test, told);
	lanner_memory_take_back();
	*configuration = (lanner_buffer){ NULL, 0, 0 };
	lanner_buffer_add(configuration, told.data, told.size);
	test->pack = pack;
	start(test);
	return lanner_running_restore(test->running, state.data, state.size, lanner_text_of(version));
}

const char *lanner_test_reload(lanner_test *test)
{
	return lanner_test_restore(test, lanner_test_save(test), test->pack->version);
}

void lanner_test_leave_filtering(lanner_test *test)
{
	test->tells_what_passes = false;
}

// === Letting things happen ===

static const lanner_found *first(const lanner_test *test)
{
	return lanner_test_found(test, 0);
}

/// Ticks at every full second that has passed, as the host does.
static void tick(lanner_test *test)
{
	uint64_t least = test->now - test->now % TICK - (uint64_t)MISSED_TICKS * TICK;

	if (test->next_tick < least)
		test->next_tick = least;
	for (; test->next_tick <= test->now; test->next_tick += TICK)
		lanner_running_tick(test->running, test->next_tick);
}

/// Hands over what some handler wants, and what of it each of them does.
static void evaluate(lanner_test *test, lanner_made_event **events, size_t count)
{
	size_t size, wanted = 0;
	uint8_t *frame = lanner_made_frame(events, count, NULL, 0, &size);
	uint8_t none[4096 / 8] = { 0 };
	uint16_t stride;
	uint8_t *passed;
	lanner_frame read;
	lanner_event nothing = { 0 };
	const char *error = lanner_frame_read(&read, frame, size);

	if (error)
		wrong("the frame of a test is none: ", error);
	// Words of 64 bits, and one subscription at the least.
	stride = (uint16_t)((lanner_running_passed(test->running, &nothing, none) + 63) / 64 * 8);
	passed = calloc(count + 1, stride);
	for (uint32_t row = 0; row < count; row++) {
		lanner_event event = lanner_frame_event(&read, row);

		if (!lanner_running_wants(test->running, &event))
			continue;
		lanner_running_passed(test->running, &event, passed + wanted * stride);
		events[wanted++] = events[row];
	}
	free(frame);
	frame = lanner_made_frame(events, wanted, test->tells_what_passes ? passed : NULL, stride, &size);
	error = lanner_running_evaluate(test->running, frame, size);
	if (error)
		wrong("the frame of a test is none: ", error);
	free(frame);
	free(passed);
}

const lanner_found *lanner_test_feed_all(lanner_test *test, lanner_made_event *const *events, size_t count)
{
	lanner_made_event **batch = calloc(count + 1, sizeof *batch);
	size_t batched = 0;

	lanner_findings_free(&test->findings);
	for (size_t at = 0; at < count; at++) {
		lanner_made_event *event = events[at];

		test->now += event->later;
		event->time = test->now;
		event->seq = ++test->seq;
		// Where nothing is said, a process of which nothing is known.
		if (!event->by && (lanner_kind_has[event->kind] & LANNER_HAS_PROCESS))
			event->by = lanner_make_process(test, NULL);
		if (test->now >= test->next_tick) {
			evaluate(test, batch, batched);
			batched = 0;
			tick(test);
		}
		batch[batched++] = event;
	}
	evaluate(test, batch, batched);
	free(batch);
	return first(test);
}

const lanner_found *lanner_test_feed(lanner_test *test, lanner_made_event *event)
{
	return lanner_test_feed_all(test, &event, 1);
}

const lanner_found *lanner_test_judge(lanner_test *test, const void *frame, size_t size)
{
	lanner_findings_free(&test->findings);
	lanner_running_evaluate(test->running, frame, size);
	return first(test);
}

const lanner_found *lanner_test_wait(lanner_test *test, uint64_t ns)
{
	lanner_findings_free(&test->findings);
	test->now += ns;
	tick(test);
	return first(test);
}

size_t lanner_test_count(const lanner_test *test)
{
	return test->findings.count;
}

const lanner_found *lanner_test_found(const lanner_test *test, size_t number)
{
	return number < test->findings.count ? test->findings.at[number] : NULL;
}
