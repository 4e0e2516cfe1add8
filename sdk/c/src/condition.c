#include "condition.h"

#include <lanner/memory.h>

const lanner_owner *lanner_owner_of_field(unsigned field)
{
	const lanner_owner *owner = NULL;

	for (uint32_t number = 0; number < lanner_owners_count && lanner_owners[number].first <= field; number++)
		owner = &lanner_owners[number];
	return owner;
}

const lanner_place *lanner_place_of_field(const lanner_owner *owner, unsigned field)
{
	const lanner_record_info *record = &lanner_records[owner->record];

	return field - owner->first < record->count ? &record->places[field - owner->first] : NULL;
}

// === Making one ready ===

/// The texts of a filter as a set of its own.
static lanner_set *set_of(const lanner_filter *filter)
{
	enum lanner_comparison comparison = filter->test == LANNER_TEST_EQUALS_TEXT   ? LANNER_EQUAL
					    : filter->test == LANNER_TEST_STARTS_WITH ? LANNER_BEGINNING
					    : filter->test == LANNER_TEST_ENDS_WITH   ? LANNER_ENDING
										      : LANNER_PART;
	lanner_set *set = lanner_alloc_zeroed(1, sizeof *set);

	if (filter->test == LANNER_TEST_SET) {
		// Without what is added at run time, of which the host knows nothing.
		set->equals = filter->is.set->equals;
		set->starts_with = filter->is.set->starts_with;
		set->ends_with = filter->is.set->ends_with;
		set->contains = filter->is.set->contains;
		set->file_names = filter->is.set->file_names;
		return set;
	}
	for (size_t number = 0; number < filter->count; number++)
		lanner_set_add(set, comparison, filter->is.texts[number]);
	return set;
}

/// The addresses or networks of a filter as networks of its own: an address is one of 128 bits.
static lanner_networks *networks_of(const lanner_filter *filter)
{
	lanner_networks *networks = lanner_alloc_zeroed(1, sizeof *networks);

	if (filter->test == LANNER_TEST_NETWORKS) {
		networks->networks = filter->is.networks->networks;
		return networks;
	}
	for (size_t number = 0; number < filter->count; number++) {
		lanner_address address = lanner_address_parse(filter->is.strings[number]);
		lanner_text network = lanner_text_of(filter->is.strings[number]);

		if (filter->test == LANNER_TEST_EQUALS_ADDRESS)
			network = lanner_print(network, lanner_address_is_v4(address) ? "/32" : "/128");
		lanner_networks_add(networks, network);
	}
	return networks;
}

static void prepare(lanner_condition *condition, const lanner_filter *filter)
{
	condition->test = (uint8_t)filter->test;
	condition->count = filter->count;
	if (filter->test <= LANNER_TEST_NOT) {
		condition->is.conditions = lanner_alloc_zeroed(filter->count, sizeof *condition);
		for (size_t number = 0; number < filter->count; number++)
			prepare(&condition->is.conditions[number], filter->is.filters[number]);
		return;
	}
	const lanner_owner *owner = lanner_owner_of_field(filter->field);

	condition->of = owner->of;
	condition->named = owner->named;
	condition->record = owner->record;
	condition->place = lanner_place_of_field(owner, filter->field);
	switch (filter->test) {
	case LANNER_TEST_EQUALS_TEXT:
	case LANNER_TEST_STARTS_WITH:
	case LANNER_TEST_ENDS_WITH:
	case LANNER_TEST_CONTAINS:
	case LANNER_TEST_SET:
		condition->is.set = set_of(filter);
		break;
	case LANNER_TEST_EQUALS_ADDRESS:
	case LANNER_TEST_WITHIN:
	case LANNER_TEST_NETWORKS:
		condition->is.networks = networks_of(filter);
		break;
	case LANNER_TEST_EQUALS_NUMBER:
	case LANNER_TEST_BETWEEN:
		condition->is.numbers = filter->is.numbers;
		break;
	case LANNER_TEST_EQUALS_BOOL:
		condition->is.yes = filter->is.yes;
		break;
	default:
		condition->is.bits = filter->is.bits;
	}
}

lanner_condition *lanner_condition_new(const lanner_filter *filter)
{
	lanner_condition *condition;

	if (!filter)
		return NULL;
	condition = lanner_alloc_zeroed(1, sizeof *condition);
	prepare(condition, filter);
	return condition;
}

static void free_values(lanner_condition *condition)
{
	switch (condition->test) {
	case LANNER_TEST_ALL:
	case LANNER_TEST_ANY:
	case LANNER_TEST_NOT:
		for (size_t number = 0; number < condition->count; number++)
			free_values(&condition->is.conditions[number]);
		lanner_free(condition->is.conditions);
		break;
	case LANNER_TEST_EQUALS_TEXT:
	case LANNER_TEST_STARTS_WITH:
	case LANNER_TEST_ENDS_WITH:
	case LANNER_TEST_CONTAINS:
	case LANNER_TEST_SET:
		lanner_set_clear(condition->is.set);
		lanner_free(condition->is.set);
		break;
	case LANNER_TEST_EQUALS_ADDRESS:
	case LANNER_TEST_WITHIN:
	case LANNER_TEST_NETWORKS:
		lanner_networks_clear(condition->is.networks);
		lanner_free(condition->is.networks);
		break;
	}
}

void lanner_condition_free(lanner_condition *condition)
{
	if (!condition)
		return;
	free_values(condition);
	lanner_free(condition);
}

// === Comparing ===

static lanner_record record_of(const lanner_condition *condition, const lanner_event *event)
{
	lanner_record none = { event->record.frame, NULL, 0 };
	const lanner_place *named;

	switch (condition->of) {
	case LANNER_OF_EVENT:
		return event->record;
	case LANNER_OF_PROCESS:
		return lanner_event_process(event).record;
	case LANNER_OF_PARENT:
		return lanner_process_parent(lanner_event_process(event)).record;
	case LANNER_OF_CONTAINER:
		return lanner_process_container(lanner_event_process(event)).record;
	case LANNER_OF_PAYLOAD:
		return lanner_kind_records[event->kind % LANNER_KINDS] == condition->record ? event->payload : none;
	default:
		if (!event->payload.at)
			return none;
		named = &lanner_records[lanner_kind_records[event->kind % LANNER_KINDS]].places[condition->named];
		return lanner_read_row(event->payload, named->offset, named->word, named->bit, LANNER_RECORD_PROCESS);
	}
}

/// The number of a field that is there, and its bits.
static lanner_number number_of(lanner_record record, const lanner_place *place, uint64_t *bits)
{
	const uint8_t *at = record.at + place->offset;
	lanner_number number;
	int64_t value;

	switch (place->holds) {
	case LANNER_HOLDS_I32:
		value = (int32_t)lanner_load_u32(at);
		break;
	case LANNER_HOLDS_I64:
		value = (int64_t)lanner_load_u64(at);
		break;
	default:
		*bits = place->holds == LANNER_HOLDS_U16   ? lanner_load_u16(at)
			: place->holds == LANNER_HOLDS_U32 ? lanner_load_u32(at)
			: place->holds == LANNER_HOLDS_U64 ? lanner_load_u64(at)
							   : *at;
		return (lanner_number){ false, *bits };
	}
	*bits = (uint64_t)value;
	number.negative = value < 0;
	number.magnitude = value < 0 ? ~(uint64_t)value : (uint64_t)value;
	return number;
}

bool lanner_number_is_less(lanner_number a, lanner_number b)
{
	if (a.negative != b.negative)
		return a.negative;
	return a.negative ? a.magnitude > b.magnitude : a.magnitude < b.magnitude;
}

static bool number_holds(const lanner_condition *condition, lanner_number number, uint64_t bits)
{
	const lanner_number *numbers = condition->is.numbers;

	switch (condition->test) {
	case LANNER_TEST_EQUALS_NUMBER:
		for (size_t at = 0; at < condition->count; at++) {
			if (numbers[at].negative == number.negative && numbers[at].magnitude == number.magnitude)
				return true;
		}
		return false;
	case LANNER_TEST_BETWEEN:
		for (size_t at = 0; at < condition->count; at++) {
			if (!lanner_number_is_less(number, numbers[2 * at]) &&
			    !lanner_number_is_less(numbers[2 * at + 1], number))
				return true;
		}
		return false;
	case LANNER_TEST_ANY_BITS:
		return (bits & condition->is.bits) != 0;
	case LANNER_TEST_ALL_BITS:
		return (bits & condition->is.bits) == condition->is.bits;
	default:
		return (bits & condition->is.bits) == 0;
	}
}

static bool field_holds(const lanner_condition *condition, const lanner_event *event)
{
	static const uint8_t sizes[] = {
		[LANNER_HOLDS_U8] = 1,	 [LANNER_HOLDS_U16] = 2,  [LANNER_HOLDS_U32] = 4,  [LANNER_HOLDS_U64] = 8,
		[LANNER_HOLDS_I32] = 4,	 [LANNER_HOLDS_I64] = 8,  [LANNER_HOLDS_BOOL] = 1, [LANNER_HOLDS_TEXT] = 8,
		[LANNER_HOLDS_ADDRESS] = 16,
	};
	const lanner_place *place = condition->place;
	lanner_record record = record_of(condition, event);
	lanner_number number;
	uint64_t bits;

	if (place->holds == LANNER_HOLDS_TEXT) {
		lanner_text text = lanner_read_text(record, place->offset, place->word, place->bit);

		return condition->test == LANNER_TEST_KNOWN ? text.data != NULL : lanner_set_has(condition->is.set, text);
	}
	if (!lanner_has(record, place->offset, sizes[place->holds], place->word, place->bit))
		return false;
	if (condition->test == LANNER_TEST_KNOWN)
		return true;
	if (place->holds == LANNER_HOLDS_BOOL)
		return (record.at[place->offset] != 0) == condition->is.yes;
	if (place->holds == LANNER_HOLDS_ADDRESS)
		return lanner_networks_have(condition->is.networks,
					    lanner_read_address(record, place->offset, place->word, place->bit));
	number = number_of(record, place, &bits);
	return number_holds(condition, number, bits);
}

bool lanner_condition_holds(const lanner_condition *condition, const lanner_event *event)
{
	if (condition->test > LANNER_TEST_NOT)
		return field_holds(condition, event);
	for (size_t number = 0; number < condition->count; number++) {
		bool holds = lanner_condition_holds(&condition->is.conditions[number], event);

		// One decides: of `any` one that holds, of `all` one that does not.
		if (condition->test == LANNER_TEST_NOT)
			return !holds;
		if (holds == (condition->test == LANNER_TEST_ANY))
			return holds;
	}
	return condition->test == LANNER_TEST_ALL;
}
