/// @file
/// What of a kind's events a handler is given. The host compares, so that what does not pass never reaches the pack.
///
/// A field is named by whose it is: `open.path` (what the kind has of its own), `process.exe` (of who did it), `parent.exe`,
/// `container.image`, `event.result`, `exec.image.exe` (of a process that the kind names). What is no field, and a test that does
/// not go with one, does not compile. A test of a field that is not known does not hold; its negation does.
///
///     .only = LANNER_ANY(LANNER_EQUALS(open.path, "/etc/shadow", "/etc/gshadow"), LANNER_STARTS_WITH(open.path, "/root/.ssh/"))
#pragma once

#include "matching.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lanner_test_type {
	LANNER_TEST_ALL,
	LANNER_TEST_ANY,
	LANNER_TEST_NOT,
	LANNER_TEST_KNOWN,
	LANNER_TEST_EQUALS_TEXT,
	LANNER_TEST_EQUALS_NUMBER,
	LANNER_TEST_EQUALS_BOOL,
	LANNER_TEST_EQUALS_ADDRESS,
	LANNER_TEST_STARTS_WITH,
	LANNER_TEST_ENDS_WITH,
	LANNER_TEST_CONTAINS,
	LANNER_TEST_SET,
	LANNER_TEST_BETWEEN,
	LANNER_TEST_ANY_BITS,
	LANNER_TEST_ALL_BITS,
	LANNER_TEST_NO_BITS,
	LANNER_TEST_WITHIN,
	LANNER_TEST_NETWORKS,
};

/// A whole number as CBOR has it, from -2^64 to 2^64 - 1: of a negative one -1 minus it.
typedef struct lanner_number {
	bool negative;
	uint64_t magnitude;
} lanner_number;

/// A filter. The macros below make them.
typedef struct lanner_filter {
	enum lanner_test_type test;
	/// The field's name, and its number: its place in `struct lanner_fields`.
	const char *name;
	unsigned field;
	/// How many values it has.
	size_t count;
	union {
		const struct lanner_filter *const *filters;
		const lanner_text *texts;
		/// Of LANNER_TEST_BETWEEN two for each range: from and to.
		const lanner_number *numbers;
		/// Addresses and networks, as they are written.
		const char *const *strings;
		bool yes;
		uint64_t bits;
		lanner_set *set;
		lanner_networks *networks;
	} is;
} lanner_filter;

#ifdef __cplusplus
}
#else

/// The number of a field that holds this: text, number, bool or address.
#define LANNER_FIELD(holds, field)                                                                                     \
	_Generic(((struct lanner_fields *)0)->field, struct lanner_##holds##_field: offsetof(struct lanner_fields, field))
/// The number of a field, whatever it holds.
#define LANNER_ANY_FIELD(field)                                                                                        \
	_Generic(((struct lanner_fields *)0)->field,                                                                   \
		struct lanner_text_field: offsetof(struct lanner_fields, field),                                       \
		struct lanner_number_field: offsetof(struct lanner_fields, field),                                     \
		struct lanner_bool_field: offsetof(struct lanner_fields, field),                                       \
		struct lanner_address_field: offsetof(struct lanner_fields, field))

#define LANNER_FILTER(...) (&(const lanner_filter){ __VA_ARGS__ })
#define LANNER_FILTER_OF(type, ...)                                                                                    \
	LANNER_FILTER(.test = type,                                                                                    \
		      .count = sizeof((const lanner_filter *const[]){ __VA_ARGS__ }) / sizeof(const lanner_filter *),  \
		      .is.filters = (const lanner_filter *const[]){ __VA_ARGS__ })
#define LANNER_FILTER_TEXTS(type, path, ...)                                                                           \
	LANNER_FILTER(.test = type, .name = #path, .field = LANNER_FIELD(text, path),                                  \
		      .count = sizeof((const lanner_text[]){ LANNER_EACH(LANNER_LITERAL, __VA_ARGS__) }) /             \
			       sizeof(lanner_text),                                                                    \
		      .is.texts = (const lanner_text[]){ LANNER_EACH(LANNER_LITERAL, __VA_ARGS__) })
#define LANNER_FILTER_STRINGS(type, path, ...)                                                                         \
	LANNER_FILTER(.test = type, .name = #path, .field = LANNER_FIELD(address, path),                               \
		      .count = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *),                    \
		      .is.strings = (const char *const[]){ __VA_ARGS__ })
#define LANNER_FILTER_BITS(type, path, mask)                                                                           \
	LANNER_FILTER(.test = type, .name = #path, .field = LANNER_FIELD(number, path), .count = 1, .is.bits = (mask))
#define LANNER_LITERAL(string) { string, sizeof(string) - 1 },
#define LANNER_NUMBER(number)                                                                                          \
	{ (number) < 0, (number) < 0 ? ~(uint64_t)(number) : (uint64_t)(number) },

/// All of these filters hold.
#define LANNER_ALL(...) LANNER_FILTER_OF(LANNER_TEST_ALL, __VA_ARGS__)
/// At least one of these filters holds.
#define LANNER_ANY(...) LANNER_FILTER_OF(LANNER_TEST_ANY, __VA_ARGS__)
/// The filter does not hold.
#define LANNER_NOT(filter) LANNER_FILTER_OF(LANNER_TEST_NOT, filter)
/// The field is there.
#define LANNER_KNOWN(path) LANNER_FILTER(.test = LANNER_TEST_KNOWN, .name = #path, .field = LANNER_ANY_FIELD(path))

/// The text is one of these string literals, of which there may be 64, begins, ends with one, or has one somewhere.
#define LANNER_EQUALS(path, ...) LANNER_FILTER_TEXTS(LANNER_TEST_EQUALS_TEXT, path, __VA_ARGS__)
#define LANNER_STARTS_WITH(path, ...) LANNER_FILTER_TEXTS(LANNER_TEST_STARTS_WITH, path, __VA_ARGS__)
#define LANNER_ENDS_WITH(path, ...) LANNER_FILTER_TEXTS(LANNER_TEST_ENDS_WITH, path, __VA_ARGS__)
#define LANNER_CONTAINS(path, ...) LANNER_FILTER_TEXTS(LANNER_TEST_CONTAINS, path, __VA_ARGS__)
/// The text is in the set, of what the source has in it; a host compares no globs.
#define LANNER_IN_SET(path, the_set)                                                                                   \
	LANNER_FILTER(.test = LANNER_TEST_SET, .name = #path, .field = LANNER_FIELD(text, path), .count = 1,           \
		      .is.set = (the_set))
/// The file of an open, by any path that is known of it, `path` or `host_path`: `LANNER_FILE(LANNER_EQUALS, "/etc/shadow")`.
#define LANNER_FILE(test, ...) LANNER_ANY(test(open.path, __VA_ARGS__), test(open.host_path, __VA_ARGS__))

/// The number is one of these, of which there may be 64.
#define LANNER_EQUALS_NUMBER(path, ...)                                                                                \
	LANNER_FILTER(.test = LANNER_TEST_EQUALS_NUMBER, .name = #path, .field = LANNER_FIELD(number, path),           \
		      .count = sizeof((const lanner_number[]){ LANNER_EACH(LANNER_NUMBER, __VA_ARGS__) }) /            \
			       sizeof(lanner_number),                                                                  \
		      .is.numbers = (const lanner_number[]){ LANNER_EACH(LANNER_NUMBER, __VA_ARGS__) })
/// The number lies between these two, both included.
#define LANNER_BETWEEN(path, from, to)                                                                                 \
	LANNER_FILTER(.test = LANNER_TEST_BETWEEN, .name = #path, .field = LANNER_FIELD(number, path), .count = 1,     \
		      .is.numbers = (const lanner_number[]){ LANNER_NUMBER(from) LANNER_NUMBER(to) })
/// Of these bits at least one, all, none are set.
#define LANNER_ANY_BITS(path, bits) LANNER_FILTER_BITS(LANNER_TEST_ANY_BITS, path, bits)
#define LANNER_ALL_BITS(path, bits) LANNER_FILTER_BITS(LANNER_TEST_ALL_BITS, path, bits)
#define LANNER_NO_BITS(path, bits) LANNER_FILTER_BITS(LANNER_TEST_NO_BITS, path, bits)
/// The call failed, or did not.
#define LANNER_FAILED LANNER_ALL_BITS(event.flags, LANNER_EVENT_FAILED)
#define LANNER_SUCCEEDED LANNER_NO_BITS(event.flags, LANNER_EVENT_FAILED)

/// The field is known to be `true`, or `false`.
#define LANNER_EQUALS_BOOL(path, value)                                                                                \
	LANNER_FILTER(.test = LANNER_TEST_EQUALS_BOOL, .name = #path, .field = LANNER_FIELD(bool, path), .count = 1,   \
		      .is.yes = (value))

/// The address is one of these, such as "192.0.2.1".
#define LANNER_EQUALS_ADDRESS(path, ...) LANNER_FILTER_STRINGS(LANNER_TEST_EQUALS_ADDRESS, path, __VA_ARGS__)
/// The address lies in one of these networks, such as "10.0.0.0/8".
#define LANNER_WITHIN(path, ...) LANNER_FILTER_STRINGS(LANNER_TEST_WITHIN, path, __VA_ARGS__)
/// The address lies in one of the networks that the source has in there.
#define LANNER_IN_NETWORKS(path, the_networks)                                                                         \
	LANNER_FILTER(.test = LANNER_TEST_NETWORKS, .name = #path, .field = LANNER_FIELD(address, path), .count = 1,   \
		      .is.networks = (the_networks))

/// Something for each of up to 64 arguments.
#define LANNER_EACH(make, ...) LANNER_EXPAND(LANNER_EACH_AGAIN(make, __VA_ARGS__))
#define LANNER_EACH_AGAIN(make, it, ...) make(it) __VA_OPT__(LANNER_EACH_LATER LANNER_EMPTY()()(make, __VA_ARGS__))
#define LANNER_EACH_LATER() LANNER_EACH_AGAIN
#define LANNER_EMPTY()
#define LANNER_EXPAND(...) LANNER_EXPAND_3(LANNER_EXPAND_3(LANNER_EXPAND_3(LANNER_EXPAND_3(__VA_ARGS__))))
#define LANNER_EXPAND_3(...) LANNER_EXPAND_2(LANNER_EXPAND_2(LANNER_EXPAND_2(LANNER_EXPAND_2(__VA_ARGS__))))
#define LANNER_EXPAND_2(...) LANNER_EXPAND_1(LANNER_EXPAND_1(LANNER_EXPAND_1(LANNER_EXPAND_1(__VA_ARGS__))))
#define LANNER_EXPAND_1(...) __VA_ARGS__

#endif
