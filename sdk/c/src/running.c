#include "running.h"

#include <lanner/memory.h>

#include "check.h"
#include "condition.h"
#include "describe.h"
#include "fail.h"
#include "generation.h"
#include "host.h"
#include "out.h"
#include "scratch.h"
#include "settings.h"

/// A handler, for one of its kinds.
typedef struct route {
	lanner_run *run;
	void *context;
	/// NULL where everything passes.
	lanner_condition *condition;
	uint32_t rule;
	/// By which number the host knows what it wants.
	uint32_t subscription;
	uint8_t kind;
	/// The condition belongs to the first route of the handler.
	bool owns_condition;
	bool off;
} route;

struct lanner_running {
	const lanner_pack *pack;
	lanner_settings *settings;
	lanner_out out;
	/// By kind: the first of its routes, which stand together, and behind the last of them.
	uint16_t first[LANNER_KINDS + 1];
	uint32_t count;
	uint32_t rules;
	/// By rule.
	bool *off;
	route *routes;
	lanner_frame frame;
};

/// Makes the handlers ready, in the order of the description.
static void add_routes(lanner_running *running)
{
	uint32_t subscription = 0, number = 0;

	for (const lanner_rule *rule = running->pack->rules; rule->id; rule++, number++) {
		for (const lanner_handler *handler = rule->handlers; handler && handler->run; handler++) {
			lanner_condition *condition = lanner_condition_new(handler->only);

			for (const uint8_t *kind = handler->on; *kind; kind++) {
				running->routes[subscription] = (route){
					.run = handler->run,
					.context = handler->context,
					.condition = condition,
					.rule = number,
					.subscription = subscription,
					.kind = *kind,
					.owns_condition = kind == handler->on,
				};
				subscription++;
			}
		}
	}
	running->rules = number;
	running->off = lanner_alloc_zeroed(number, sizeof *running->off);
}

/// Puts the routes of each kind together, and leaves them in their order.
static void order_routes(lanner_running *running)
{
	route *ordered = lanner_alloc_zeroed(running->count, sizeof *ordered);
	uint16_t next = 0;

	for (unsigned kind = 0; kind < LANNER_KINDS; kind++) {
		running->first[kind] = next;
		for (uint32_t at = 0; at < running->count; at++) {
			if (running->routes[at].kind == kind)
				ordered[next++] = running->routes[at];
		}
	}
	running->first[LANNER_KINDS] = next;
	lanner_free(running->routes);
	running->routes = ordered;
}

lanner_running *lanner_running_new(const lanner_pack *pack)
{
	lanner_running *running;

	lanner_check_pack(pack);
	running = lanner_alloc_zeroed(1, sizeof *running);
	running->pack = pack;
	if (pack->state.at)
		__builtin_memset(pack->state.at, 0, pack->state.size);
	for (const lanner_rule *rule = pack->rules; rule->id; rule++) {
		for (const lanner_handler *handler = rule->handlers; handler && handler->run; handler++)
			running->count += (uint32_t)__builtin_strlen((const char *)handler->on);
	}
	running->routes = lanner_alloc_zeroed(running->count, sizeof *running->routes);
	add_routes(running);
	order_routes(running);
	running->settings = lanner_settings_new(pack->settings);
	lanner_scratch_reset();
	return running;
}

void lanner_running_free(lanner_running *running)
{
	for (uint32_t at = 0; at < running->count; at++) {
		if (running->routes[at].owns_condition)
			lanner_condition_free(running->routes[at].condition);
	}
	lanner_out_free(&running->out);
	lanner_settings_free(running->settings);
	lanner_free(running->off);
	lanner_free(running->routes);
	lanner_free(running);
	lanner_scratch_free();
}

void lanner_running_describe(lanner_running *running, lanner_writer *description)
{
	lanner_describe(running->pack, description);
	lanner_scratch_reset();
}

// === Configuring ===

static void read_off(lanner_running *running, lanner_reader *reader)
{
	lanner_items items = lanner_read_array(reader);

	while (lanner_next_item(reader, &items)) {
		uint64_t rule = lanner_read_u64_item(reader);

		if (!reader->wrong && rule < running->rules)
			running->off[rule] = true;
	}
}

const char *lanner_running_configure(lanner_running *running, const void *configuration, size_t size)
{
	lanner_reader reader = lanner_reader_of(configuration, size);
	lanner_items items;
	const char *wrong = NULL;

	lanner_scratch_reset();
	__builtin_memset(running->off, 0, running->rules * sizeof *running->off);
	items = lanner_read_map(&reader);
	while (!wrong && lanner_next_item(&reader, &items)) {
		lanner_text key;

		// A key of another type is one that is not known.
		if (lanner_reader_next(&reader) != LANNER_CBOR_TEXT) {
			lanner_read_past(&reader);
			lanner_read_past(&reader);
			continue;
		}
		key = lanner_read_text_item(&reader);
		if (lanner_equals(key, "settings"))
			wrong = lanner_settings_read(running->settings, &reader);
		else if (lanner_equals(key, "off"))
			read_off(running, &reader);
		else
			lanner_read_past(&reader);
	}
	if (!wrong && reader.wrong)
		wrong = "the configuration is not what docs/contract.md says";
	for (uint32_t at = 0; at < running->count; at++)
		running->routes[at].off = running->off[running->routes[at].rule];
	if (!wrong && running->pack->configure)
		wrong = running->pack->configure(running->settings);
	return wrong;
}

// === Judging ===

/// Whether an event passes what a handler asked for. The host may have found out already.
static bool passes(const lanner_running *running, const route *route, uint32_t row, const lanner_event *event)
{
	const lanner_section *passed = &running->frame.passed;

	if (!route->condition)
		return true;
	// The words of a record are little-endian, so that bits are counted by bytes. Of a word that is cut nothing is believed.
	if (row < passed->count && route->subscription / 64 * 8 + 8 <= passed->stride) {
		const uint8_t *bits = passed->at + (size_t)row * passed->stride;

		return bits[route->subscription / 8] >> (route->subscription % 8) & 1;
	}
	return lanner_condition_holds(route->condition, event);
}

static void judge(lanner_running *running, uint32_t row)
{
	lanner_event event = lanner_frame_event(&running->frame, row);

	if (event.kind >= LANNER_KINDS)
		return;
	for (uint32_t at = running->first[event.kind]; at < running->first[event.kind + 1]; at++) {
		const route *route = &running->routes[at];

		if (route->off || !passes(running, route, row, &event))
			continue;
		running->out.rule = route->rule;
		running->out.context = route->context;
		running->out.has_event = true;
		running->out.event = lanner_event_seq(&event);
		route->run(&event, &running->out);
		lanner_out_flush(&running->out);
		lanner_scratch_reset();
	}
}

const char *lanner_running_evaluate(lanner_running *running, const void *frame, size_t size)
{
	const char *wrong = lanner_frame_read(&running->frame, frame, size);

	for (uint32_t row = 0; row < lanner_frame_events(&running->frame); row++)
		judge(running, row);
	return wrong;
}

void lanner_running_tick(lanner_running *running, uint64_t now)
{
	for (uint32_t number = 0; number < running->rules; number++) {
		lanner_on_tick *on_tick = running->pack->rules[number].on_tick;

		if (!on_tick || running->off[number])
			continue;
		running->out.rule = number;
		running->out.has_event = false;
		running->out.context = running->pack->rules[number].context;
		on_tick(now, &running->out);
		lanner_out_flush(&running->out);
		lanner_scratch_reset();
	}
}

// === State ===

void lanner_running_save(lanner_running *running, lanner_writer *state)
{
	if (running->pack->save)
		running->pack->save(state);
	lanner_scratch_reset();
}

const char *lanner_running_restore(lanner_running *running, const void *state, size_t size, lanner_text version)
{
	lanner_reader reader = lanner_reader_of(state, size);
	const char *wrong;

	lanner_scratch_reset();
	if (size == 0 || !running->pack->restore)
		return NULL;
	wrong = running->pack->restore(&reader, version);
	return !wrong && reader.wrong ? "the state is not what this version reads" : wrong;
}

// === For tests, which are the host there ===

bool lanner_running_wants(const lanner_running *running, const lanner_event *event)
{
	for (uint32_t at = 0; at < running->count; at++) {
		const route *route = &running->routes[at];

		if (route->kind == event->kind && (!route->condition || lanner_condition_holds(route->condition, event)))
			return true;
	}
	return false;
}

uint32_t lanner_running_passed(const lanner_running *running, const lanner_event *event, uint8_t *bits)
{
	for (uint32_t at = 0; at < running->count; at++) {
		const route *route = &running->routes[at];

		if (route->kind == event->kind && (!route->condition || lanner_condition_holds(route->condition, event)))
			bits[route->subscription / 8] |= (uint8_t)(1u << (route->subscription % 8));
	}
	return running->count;
}
