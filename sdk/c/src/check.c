#include "check.h"

#include "condition.h"
#include "fail.h"

/// As the host has them (docs/contract.md).
enum {
	MAX_RULES = 4096,
	MAX_SUBSCRIPTIONS = 4096,
	MAX_VALUES = 4096,
	MAX_VALUE_SIZE = 4096,
	MAX_PARTS = 512,
	MAX_SETTINGS = 256,
	MAX_PROPERTIES = 32,
	MAX_PROPERTY_SIZE = 1024,
	MAX_NAME_SIZE = 128,
};

/// Values of all filters, and of them those that texts are searched for.
typedef struct counted {
	size_t values, parts, longest;
} counted;

static bool is_word(lanner_text text)
{
	for (size_t at = 0; at < text.size; at++) {
		char c = text.data[at];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return text.size > 0 && text.size <= MAX_NAME_SIZE;
}

/// `group/name`.
static bool is_id(lanner_text id)
{
	lanner_text name = lanner_file_name(id), group = { id.data, id.size - name.size };

	if (group.size == 0)
		return false;
	group.size--;
	return is_word(group) && is_word(name);
}

/// `T` and four digits, with three more after a dot for a sub-technique.
static bool is_technique(lanner_text text)
{
	if ((text.size != 5 && text.size != 9) || text.data[0] != 'T')
		return false;
	for (size_t at = 1; at < text.size; at++) {
		bool is_digit = text.data[at] >= '0' && text.data[at] <= '9';

		if (at == 5 ? text.data[at] != '.' : !is_digit)
			return false;
	}
	return true;
}

static bool has_too_many(const lanner_property *properties)
{
	size_t count = 0;

	for (; properties && properties->name; properties++, count++) {
		if (__builtin_strlen(properties->name) > MAX_PROPERTY_SIZE ||
		    __builtin_strlen(properties->value) > MAX_PROPERTY_SIZE)
			return true;
	}
	return count > MAX_PROPERTIES;
}

// === Filters ===

static const char *test_name(enum lanner_test_type test)
{
	static const char *const names[] = { "all",	    "any",	   "not",      "known",	   "equals",   "equals",
					     "equals",	    "equals",	   "starts-with", "ends-with", "contains", "a set",
					     "between",	    "any-bits",	   "all-bits", "no-bits",  "within",   "within" };

	return names[test];
}

static const char *held(unsigned holds)
{
	return holds == LANNER_HOLDS_TEXT      ? "a text"
	       : holds == LANNER_HOLDS_ADDRESS ? "an address"
	       : holds == LANNER_HOLDS_BOOL    ? "yes or no"
					       : "a number";
}

/// What a test is for.
static bool goes_with(enum lanner_test_type test, unsigned holds)
{
	switch (test) {
	case LANNER_TEST_KNOWN:
		return true;
	case LANNER_TEST_EQUALS_BOOL:
		return holds == LANNER_HOLDS_BOOL;
	case LANNER_TEST_EQUALS_ADDRESS:
	case LANNER_TEST_WITHIN:
	case LANNER_TEST_NETWORKS:
		return holds == LANNER_HOLDS_ADDRESS;
	case LANNER_TEST_EQUALS_NUMBER:
	case LANNER_TEST_BETWEEN:
	case LANNER_TEST_ANY_BITS:
	case LANNER_TEST_ALL_BITS:
	case LANNER_TEST_NO_BITS:
		return holds < LANNER_HOLDS_BOOL;
	default:
		return holds == LANNER_HOLDS_TEXT;
	}
}

/// Whether events of a kind have fields of such an owner.
static bool has_owner(const lanner_owner *owner, unsigned kind)
{
	switch (owner->of) {
	case LANNER_OF_EVENT:
		return true;
	case LANNER_OF_PROCESS:
	case LANNER_OF_PARENT:
	case LANNER_OF_CONTAINER:
		return (lanner_kind_has[kind] & LANNER_HAS_PROCESS) != 0;
	case LANNER_OF_PAYLOAD:
		return lanner_kind_records[kind] == owner->record;
	default:
		// The processes that a kind names come right after what it has of its own.
		while (owner->of == LANNER_OF_NAMED)
			owner--;
		return lanner_kind_records[kind] == owner->record;
	}
}

static lanner_text check_strings(const lanner_filter *filter)
{
	lanner_text none = { NULL, 0 };

	for (size_t at = 0; at < filter->count; at++) {
		const char *written = filter->is.strings[at];
		lanner_network network;

		if (filter->test == LANNER_TEST_EQUALS_ADDRESS && !lanner_address_parse(written).known)
			return lanner_print("\"", written, "\", which ", filter->name, " is tested for, is no address");
		if (filter->test == LANNER_TEST_WITHIN && !lanner_network_parse(written, &network))
			return lanner_print("\"", written, "\", which ", filter->name,
					    " is tested for, is no network such as 10.0.0.0/8 or fd00::/8");
	}
	return none;
}

static lanner_text check_test(const lanner_filter *filter, unsigned kind)
{
	const lanner_owner *owner = lanner_owner_of_field(filter->field);
	const lanner_place *place = owner ? lanner_place_of_field(owner, filter->field) : NULL;
	lanner_text none = { NULL, 0 };

	if (!place)
		return lanner_print("there is no field ", filter->name);
	if (!has_owner(owner, kind))
		return lanner_print("events of the kind ", lanner_kind_name(kind), " have no field ", filter->name);
	if (place->holds > LANNER_HOLDS_ADDRESS)
		return lanner_print("the field ", filter->name, " cannot be compared");
	if (!goes_with(filter->test, place->holds))
		return lanner_print("the field ", filter->name, " is ", held(place->holds), ", and cannot be tested by ",
				    test_name(filter->test), " as it is");
	if (filter->count == 0 && filter->test != LANNER_TEST_KNOWN)
		return lanner_print("the field ", filter->name, " is tested by ", test_name(filter->test),
				    " with no value at all");
	if (filter->test == LANNER_TEST_EQUALS_ADDRESS || filter->test == LANNER_TEST_WITHIN)
		return check_strings(filter);
	for (size_t at = 0; filter->test == LANNER_TEST_BETWEEN && at < filter->count; at++) {
		if (lanner_number_is_less(filter->is.numbers[2 * at + 1], filter->is.numbers[2 * at]))
			return lanner_print("nothing is between the numbers that ", filter->name, " is tested for");
	}
	if (filter->test == LANNER_TEST_SET && filter->is.set->globs)
		return lanner_print("the field ", filter->name, " is tested by a set with globs, which a host cannot compare");
	return none;
}

static lanner_text check_filter(const lanner_filter *filter, unsigned kind, unsigned depth)
{
	lanner_text wrong = { NULL, 0 };

	if (depth > LANNER_FILTER_DEPTH)
		return lanner_print("a filter lies deeper than ", LANNER_FILTER_DEPTH, " in others");
	if (filter->test > LANNER_TEST_NOT)
		return check_test(filter, kind);
	for (size_t at = 0; !wrong.data && at < filter->count; at++)
		wrong = check_filter(filter->is.filters[at], kind, depth + 1);
	return wrong;
}

lanner_text lanner_check_filter(const lanner_filter *filter, unsigned kind)
{
	lanner_text none = { NULL, 0 };

	if (!lanner_kind_name(kind))
		return lanner_print("there are no events of the kind ", kind);
	return filter ? check_filter(filter, kind, 0) : none;
}

static void count_values(const lanner_filter *filter, counted *counted)
{
	counted->values += filter->count ? filter->count : 1;
	if (filter->test == LANNER_TEST_CONTAINS)
		counted->parts += filter->count;
	if (filter->test <= LANNER_TEST_NOT) {
		for (size_t at = 0; at < filter->count; at++)
			count_values(filter->is.filters[at], counted);
	} else if (filter->test == LANNER_TEST_EQUALS_TEXT || (filter->test >= LANNER_TEST_STARTS_WITH && filter->test <= LANNER_TEST_CONTAINS)) {
		for (size_t at = 0; at < filter->count; at++) {
			if (filter->is.texts[at].size > counted->longest)
				counted->longest = filter->is.texts[at].size;
		}
	}
}

// === Rules and settings ===

static size_t check_handlers(const lanner_rule *rule, counted *counted)
{
	const lanner_handler *handler = rule->handlers;
	size_t subscriptions = 0;

	for (; handler && (handler->on || handler->run); handler++) {
		if (!handler->run)
			lanner_fail("rule ", rule->id, ": a handler has nothing to run (.run)");
		if (!handler->on || !*handler->on)
			lanner_fail("rule ", rule->id, ": a handler does not say of which kinds it is (.on)");
		for (const uint8_t *kind = handler->on; *kind; kind++, subscriptions++) {
			lanner_text wrong = lanner_check_filter(handler->only, *kind);

			if (wrong.data)
				lanner_fail("rule ", rule->id, ": ", wrong);
			if (handler->only)
				count_values(handler->only, counted);
		}
	}
	if (subscriptions == 0 && !rule->on_tick)
		lanner_fail("rule ", rule->id, " handles nothing: it has no .handlers and no .on_tick");
	return subscriptions;
}

static void check_rules(const lanner_pack *pack)
{
	size_t count = 0, subscriptions = 0;
	counted counted = { 0, 0, 0 };

	for (const lanner_rule *rule = pack->rules; rule && rule->id; rule++, count++) {
		if (!is_id(lanner_text_of(rule->id)))
			lanner_fail("the rule id ", rule->id, " is not of the form group/name in lower case");
		for (const lanner_rule *other = pack->rules; other != rule; other++) {
			if (lanner_text_equals(lanner_text_of(other->id), lanner_text_of(rule->id)))
				lanner_fail("the rule id ", rule->id, " stands twice");
		}
		for (const char *const *attack = rule->attack; attack && *attack; attack++) {
			if (!is_technique(lanner_text_of(*attack)))
				lanner_fail("rule ", rule->id, ": ", *attack,
					    " is not an ATT&CK technique id such as T1003.008");
		}
		if (has_too_many(rule->properties))
			lanner_fail("rule ", rule->id, " may have ", MAX_PROPERTIES, " properties of ", MAX_PROPERTY_SIZE,
				    " bytes, and has more");
		subscriptions += check_handlers(rule, &counted);
	}
	if (count == 0 || count > MAX_RULES)
		lanner_fail("the pack has ", count, " rules; 1 to ", MAX_RULES, " are allowed");
	if (subscriptions == 0 || subscriptions > MAX_SUBSCRIPTIONS)
		lanner_fail("the pack has ", subscriptions, " subscriptions; 1 to ", MAX_SUBSCRIPTIONS, " are allowed");
	if (counted.parts > MAX_PARTS)
		lanner_fail("the pack's filters search texts for ", counted.parts, " values (contains); ", MAX_PARTS,
			    " are allowed");
	if (counted.values > MAX_VALUES || counted.longest > MAX_VALUE_SIZE)
		lanner_fail("the pack's filters may have ", MAX_VALUES, " values of ", MAX_VALUE_SIZE, " bytes, and have more");
}

static bool takes_default(const lanner_setting *setting)
{
	switch (setting->type) {
	case LANNER_SETTING_OF_TEXT:
		return setting->text != NULL;
	case LANNER_SETTING_OF_CHOICES:
		return lanner_text_is_one_of(lanner_text_of(setting->text), setting->choices);
	case LANNER_SETTING_OF_TEXTS:
		return setting->texts != NULL;
	case LANNER_SETTING_OF_NUMBER:
		return setting->least <= setting->number && setting->number <= setting->most;
	default:
		return true;
	}
}

static void check_settings(const lanner_setting *settings)
{
	size_t count = 0;

	for (const lanner_setting *setting = settings; setting && setting->name; setting++, count++) {
		if (!is_word(lanner_text_of(setting->name)))
			lanner_fail("the setting ", setting->name, " is not lower-case letters, digits and `-`");
		for (const lanner_setting *other = settings; other != setting; other++) {
			if (lanner_text_equals(lanner_text_of(other->name), lanner_text_of(setting->name)))
				lanner_fail("the setting ", setting->name, " stands twice");
		}
		if (!takes_default(setting))
			lanner_fail("the setting ", setting->name, " does not take its own default");
	}
	if (count > MAX_SETTINGS)
		lanner_fail("the pack has ", count, " settings; ", MAX_SETTINGS, " are allowed");
}

void lanner_check_pack(const lanner_pack *pack)
{
	if (!is_word(lanner_text_of(pack->name)))
		lanner_fail("the pack's name ", pack->name, " is not lower-case letters, digits and `-`");
	if (!pack->version)
		lanner_fail("the pack ", pack->name, " has no .version");
	if (has_too_many(pack->properties))
		lanner_fail("the pack may have ", MAX_PROPERTIES, " properties of ", MAX_PROPERTY_SIZE, " bytes, and has more");
	check_rules(pack);
	check_settings(pack->settings);
}
