#include "describe.h"

#include <lanner/event.h>

#include "networks.h"
#include "set.h"
#include "utf8.h"

const char *lanner_severity_name(enum lanner_severity severity)
{
	static const char *const names[] = { "medium", "info", "low", "high", "critical" };

	return names[severity];
}

// === Filters ===

static void write_number(lanner_writer *writer, lanner_number number)
{
	// What CBOR has of a negative number is just what is kept of it, so that its head only has to say so.
	size_t at = writer->bytes.size;

	lanner_write_u64(writer, number.magnitude);
	if (number.negative)
		writer->bytes.data[at] |= 0x20;
}

/// As a text where it is one, which is easier to read.
static void write_value(lanner_writer *writer, lanner_text value)
{
	for (size_t at = 0, length; at < value.size; at += length) {
		if (lanner_utf8_next(value.data + at, value.size - at, &length) == LANNER_NOT_UTF8) {
			lanner_write_bytes(writer, value);
			return;
		}
	}
	lanner_write_text(writer, value);
}

static void begin_test(lanner_writer *writer, const char *test, const char *field, uint64_t values)
{
	lanner_write_array(writer, 2 + values);
	lanner_write_string(writer, test);
	lanner_write_string(writer, field);
}

static void write_texts(lanner_writer *writer, const char *test, const lanner_filter *filter)
{
	begin_test(writer, test, filter->name, filter->count);
	for (size_t at = 0; at < filter->count; at++)
		write_value(writer, filter->is.texts[at]);
}

/// The texts of a set that are compared in one way.
typedef struct of_set {
	lanner_writer *writer;
	enum lanner_comparison comparison;
	uint64_t count;
	bool below;
} of_set;

static void count_text(void *context, enum lanner_comparison comparison, lanner_text text)
{
	of_set *of = context;

	(void)text;
	of->count += comparison == of->comparison;
}

static void write_text(void *context, enum lanner_comparison comparison, lanner_text text)
{
	of_set *of = context;

	if (comparison == of->comparison)
		write_value(of->writer, of->below ? lanner_print("/", text) : text);
}

/// A set is any of its lists. What is called so ends with a `/` and the name, or is the name.
static void write_set(lanner_writer *writer, const lanner_filter *filter)
{
	static const struct {
		enum lanner_comparison comparison;
		const char *test;
		bool below;
	} tests[] = {
		{ LANNER_EQUAL, "equals", false },   { LANNER_BEGINNING, "starts-with", false },
		{ LANNER_ENDING, "ends-with", false }, { LANNER_PART, "contains", false },
		{ LANNER_FILE_NAME, "equals", false }, { LANNER_FILE_NAME, "ends-with", true },
	};
	of_set of[sizeof tests / sizeof tests[0]];
	uint64_t used = 0;

	for (size_t test = 0; test < sizeof tests / sizeof tests[0]; test++) {
		of[test] = (of_set){ writer, tests[test].comparison, 0, tests[test].below };
		lanner_set_each_of_source(filter->is.set, count_text, &of[test]);
		used += of[test].count > 0;
	}
	lanner_write_array(writer, 1 + used);
	lanner_write_string(writer, "any");
	for (size_t test = 0; test < sizeof tests / sizeof tests[0]; test++) {
		if (of[test].count == 0)
			continue;
		begin_test(writer, tests[test].test, filter->name, of[test].count);
		lanner_set_each_of_source(filter->is.set, write_text, &of[test]);
	}
}

static void write_network(lanner_writer *writer, const char *written)
{
	lanner_network network;

	lanner_network_parse(written, &network);
	lanner_write_array(writer, 2);
	lanner_write_bytes(writer, lanner_text_of_bytes(network.address, sizeof network.address));
	lanner_write_u64(writer, network.bits);
}

static void write_networks(lanner_writer *writer, const lanner_filter *filter)
{
	const char *const *networks = filter->is.networks->networks;
	uint64_t count = 0;

	while (networks && networks[count])
		count++;
	begin_test(writer, "within", filter->name, count);
	for (uint64_t at = 0; at < count; at++)
		write_network(writer, networks[at]);
}

static void write_filter(lanner_writer *writer, const lanner_filter *filter)
{
	static const char *const several[] = { "all", "any", "not" };
	static const char *const bits[] = { "any-bits", "all-bits", "no-bits" };

	switch (filter->test) {
	case LANNER_TEST_ALL:
	case LANNER_TEST_ANY:
	case LANNER_TEST_NOT:
		lanner_write_array(writer, 1 + filter->count);
		lanner_write_string(writer, several[filter->test]);
		for (size_t at = 0; at < filter->count; at++)
			write_filter(writer, filter->is.filters[at]);
		break;
	case LANNER_TEST_KNOWN:
		begin_test(writer, "known", filter->name, 0);
		break;
	case LANNER_TEST_EQUALS_TEXT:
		write_texts(writer, "equals", filter);
		break;
	case LANNER_TEST_STARTS_WITH:
		write_texts(writer, "starts-with", filter);
		break;
	case LANNER_TEST_ENDS_WITH:
		write_texts(writer, "ends-with", filter);
		break;
	case LANNER_TEST_CONTAINS:
		write_texts(writer, "contains", filter);
		break;
	case LANNER_TEST_SET:
		write_set(writer, filter);
		break;
	case LANNER_TEST_EQUALS_NUMBER:
		begin_test(writer, "equals", filter->name, filter->count);
		for (size_t at = 0; at < filter->count; at++)
			write_number(writer, filter->is.numbers[at]);
		break;
	case LANNER_TEST_BETWEEN:
		begin_test(writer, "between", filter->name, filter->count);
		for (size_t at = 0; at < filter->count; at++) {
			lanner_write_array(writer, 2);
			write_number(writer, filter->is.numbers[2 * at]);
			write_number(writer, filter->is.numbers[2 * at + 1]);
		}
		break;
	case LANNER_TEST_EQUALS_BOOL:
		begin_test(writer, "equals", filter->name, 1);
		lanner_write_bool(writer, filter->is.yes);
		break;
	case LANNER_TEST_EQUALS_ADDRESS:
		begin_test(writer, "equals", filter->name, filter->count);
		for (size_t at = 0; at < filter->count; at++) {
			lanner_address address = lanner_address_parse(filter->is.strings[at]);

			lanner_write_bytes(writer, lanner_text_of_bytes(address.bytes, sizeof address.bytes));
		}
		break;
	case LANNER_TEST_WITHIN:
		begin_test(writer, "within", filter->name, filter->count);
		for (size_t at = 0; at < filter->count; at++)
			write_network(writer, filter->is.strings[at]);
		break;
	case LANNER_TEST_NETWORKS:
		write_networks(writer, filter);
		break;
	case LANNER_TEST_ANY_BITS:
	case LANNER_TEST_ALL_BITS:
	case LANNER_TEST_NO_BITS:
		begin_test(writer, bits[filter->test - LANNER_TEST_ANY_BITS], filter->name, 1);
		lanner_write_u64(writer, filter->is.bits);
		break;
	}
}

// === Rules and settings ===

static void write_strings(lanner_writer *writer, const char *const *strings)
{
	uint64_t count = 0;

	while (strings && strings[count])
		count++;
	lanner_write_array(writer, count);
	for (uint64_t at = 0; at < count; at++)
		lanner_write_string(writer, strings[at]);
}

/// The pack's, and which SDK it is made with.
static void write_properties(lanner_writer *writer, const lanner_property *properties, const char *sdk)
{
	uint64_t count = 0;

	while (properties && properties[count].name)
		count++;
	lanner_write_array(writer, count + (sdk != NULL));
	for (uint64_t at = 0; at < count; at++) {
		lanner_write_array(writer, 2);
		lanner_write_string(writer, properties[at].name);
		lanner_write_string(writer, properties[at].value);
	}
	if (sdk) {
		lanner_write_array(writer, 2);
		lanner_write_string(writer, "sdk");
		lanner_write_string(writer, sdk);
	}
}

static void write_subscriptions(lanner_writer *writer, const lanner_handler *handlers)
{
	uint64_t count = 0;

	for (const lanner_handler *handler = handlers; handler && handler->run; handler++)
		count += __builtin_strlen((const char *)handler->on);
	lanner_write_array(writer, count);
	for (const lanner_handler *handler = handlers; handler && handler->run; handler++) {
		for (const uint8_t *kind = handler->on; *kind; kind++) {
			lanner_write_map(writer, handler->only ? 2 : 1);
			lanner_write_string(writer, "kind");
			lanner_write_string(writer, lanner_kind_name(*kind));
			if (handler->only) {
				lanner_write_string(writer, "filter");
				write_filter(writer, handler->only);
			}
		}
	}
}

static void write_rule(lanner_writer *writer, const lanner_rule *rule)
{
	lanner_write_map(writer, 6);
	lanner_write_string(writer, "id");
	lanner_write_string(writer, rule->id);
	lanner_write_string(writer, "summary");
	lanner_write_string(writer, rule->summary ? rule->summary : "");
	lanner_write_string(writer, "severity");
	lanner_write_string(writer, lanner_severity_name(rule->severity));
	lanner_write_string(writer, "attack");
	write_strings(writer, rule->attack);
	lanner_write_string(writer, "events");
	write_subscriptions(writer, rule->handlers);
	lanner_write_string(writer, "properties");
	write_properties(writer, rule->properties, NULL);
}

static void write_setting(lanner_writer *writer, const lanner_setting *setting)
{
	static const char *const types[] = { "text", "one-of", "texts", "number", "boolean" };
	static const uint8_t more[] = { 0, 1, 0, 2, 0 };

	lanner_write_map(writer, 4u + more[setting->type]);
	lanner_write_string(writer, "name");
	lanner_write_string(writer, setting->name);
	lanner_write_string(writer, "summary");
	lanner_write_string(writer, setting->summary ? setting->summary : "");
	lanner_write_string(writer, "type");
	lanner_write_string(writer, types[setting->type]);
	if (setting->type == LANNER_SETTING_OF_CHOICES) {
		lanner_write_string(writer, "choices");
		write_strings(writer, setting->choices);
	}
	if (setting->type == LANNER_SETTING_OF_NUMBER) {
		lanner_write_string(writer, "least");
		lanner_write_i64(writer, setting->least);
		lanner_write_string(writer, "most");
		lanner_write_i64(writer, setting->most);
	}
	lanner_write_string(writer, "default");
	switch (setting->type) {
	case LANNER_SETTING_OF_TEXT:
	case LANNER_SETTING_OF_CHOICES:
		lanner_write_string(writer, setting->text);
		break;
	case LANNER_SETTING_OF_TEXTS:
		write_strings(writer, setting->texts);
		break;
	case LANNER_SETTING_OF_NUMBER:
		lanner_write_i64(writer, setting->number);
		break;
	case LANNER_SETTING_OF_BOOL:
		lanner_write_bool(writer, setting->yes);
		break;
	}
}

void lanner_describe(const lanner_pack *pack, lanner_writer *writer)
{
	uint64_t rules = 0, settings = 0;

	while (pack->rules[rules].id)
		rules++;
	while (pack->settings && pack->settings[settings].name)
		settings++;
	lanner_write_map(writer, 6);
	lanner_write_string(writer, "name");
	lanner_write_string(writer, pack->name);
	lanner_write_string(writer, "version");
	lanner_write_string(writer, pack->version);
	lanner_write_string(writer, "summary");
	lanner_write_string(writer, pack->summary ? pack->summary : "");
	lanner_write_string(writer, "rules");
	lanner_write_array(writer, rules);
	for (uint64_t at = 0; at < rules; at++)
		write_rule(writer, &pack->rules[at]);
	lanner_write_string(writer, "settings");
	lanner_write_array(writer, settings);
	for (uint64_t at = 0; at < settings; at++)
		write_setting(writer, &pack->settings[at]);
	lanner_write_string(writer, "properties");
	write_properties(writer, pack->properties, pack->sdk ? pack->sdk : "c/" LANNER_SDK_VERSION);
}
