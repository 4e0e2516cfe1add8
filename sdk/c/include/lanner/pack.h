/// @file
/// What a pack is: rules with their handlers, what can be set, and what is kept over a reload.
#pragma once

#include "cbor.h"
#include "filter.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this SDK.
#define LANNER_SDK_VERSION "0.1.0"

/// How bad a finding is. Where nothing is said, medium.
enum lanner_severity {
	LANNER_MEDIUM,
	LANNER_INFO,
	LANNER_LOW,
	LANNER_HIGH,
	LANNER_CRITICAL,
};

/// Where a handler raises findings: see finding.h.
typedef struct lanner_out lanner_out;

/// Judges an event that has passed the handler's filter.
typedef void lanner_run(const lanner_event *event, lanner_out *out);

/// Is called at every full second of event time, between two batches: with that time, ns since 1970 (UTC).
typedef void lanner_on_tick(uint64_t now, lanner_out *out);

/// The context of the handler that runs, or in a tick of the rule.
void *lanner_context(const lanner_out *out);

/// What a rule does with events of some kinds.
typedef struct lanner_handler {
	/// LANNER_ON(LANNER_KIND_OPEN), or several.
	const uint8_t *on;
	/// What the events must be like; all, where there is none.
	const lanner_filter *only;
	lanner_run *run;
	/// What `lanner_context` gives while it runs: for a function that several handlers have.
	void *context;
} lanner_handler;

/// Kinds of events.
#define LANNER_ON(...) ((const uint8_t[]){ __VA_ARGS__, 0 })
/// The handlers of a rule: LANNER_HANDLERS({ .on = …, .only = …, .run = … }, { … }).
#define LANNER_HANDLERS(...) ((const lanner_handler[]){ __VA_ARGS__, { .on = NULL } })

/// Anything else worth saying, as texts.
typedef struct lanner_property {
	const char *name;
	const char *value;
} lanner_property;

#define LANNER_PROPERTIES(...) ((const lanner_property[]){ __VA_ARGS__, { NULL, NULL } })

typedef struct lanner_rule {
	/// Unique among all packs that a host runs: lower-case words, `-` and one `/`, such as `credential-access/shadow-read`.
	const char *id;
	/// One line that says what a finding of it means.
	const char *summary;
	enum lanner_severity severity;
	/// MITRE ATT&CK techniques that it detects: LANNER_STRINGS("T1003.008").
	const char *const *attack;
	const lanner_property *properties;
	const lanner_handler *handlers;
	lanner_on_tick *on_tick;
	/// What `lanner_context` gives during `on_tick`.
	void *context;
} lanner_rule;

#define LANNER_RULES(...) ((const lanner_rule[]){ __VA_ARGS__, { .id = NULL } })

enum lanner_setting_type {
	LANNER_SETTING_OF_TEXT,
	LANNER_SETTING_OF_CHOICES,
	LANNER_SETTING_OF_TEXTS,
	LANNER_SETTING_OF_NUMBER,
	LANNER_SETTING_OF_BOOL,
};

/// Something that can be set. The macros below make them.
typedef struct lanner_setting {
	/// Lower-case words and `-`.
	const char *name;
	/// One line that says what it does.
	const char *summary;
	enum lanner_setting_type type;
	/// What it is where nobody sets it.
	const char *text;
	const char *const *texts;
	int64_t number;
	bool yes;
	/// The texts of which it is one.
	const char *const *choices;
	/// Both included.
	int64_t least, most;
} lanner_setting;

/// Takes any text.
#define LANNER_SETTING_TEXT(its_name, its_summary, its_default)                                                        \
	{ .name = its_name, .summary = its_summary, .type = LANNER_SETTING_OF_TEXT, .text = its_default }
/// Takes one of these texts.
#define LANNER_SETTING_ONE_OF(its_name, its_summary, its_default, ...)                                                 \
	{ .name = its_name,                                                                                            \
	  .summary = its_summary,                                                                                      \
	  .type = LANNER_SETTING_OF_CHOICES,                                                                           \
	  .text = its_default,                                                                                         \
	  .choices = LANNER_STRINGS(__VA_ARGS__) }
/// Takes texts, any number of them. The defaults follow.
#define LANNER_SETTING_TEXTS(its_name, its_summary, ...)                                                               \
	{ .name = its_name,                                                                                            \
	  .summary = its_summary,                                                                                      \
	  .type = LANNER_SETTING_OF_TEXTS,                                                                             \
	  .texts = LANNER_STRINGS(__VA_ARGS__) }
/// Takes a whole number from one to another, both included.
#define LANNER_SETTING_NUMBER(its_name, its_summary, its_least, its_most, its_default)                                 \
	{ .name = its_name,                                                                                            \
	  .summary = its_summary,                                                                                      \
	  .type = LANNER_SETTING_OF_NUMBER,                                                                            \
	  .least = its_least,                                                                                          \
	  .most = its_most,                                                                                            \
	  .number = its_default }
/// Takes yes or no.
#define LANNER_SETTING_BOOL(its_name, its_summary, its_default)                                                        \
	{ .name = its_name, .summary = its_summary, .type = LANNER_SETTING_OF_BOOL, .yes = its_default }

#define LANNER_SETTINGS(...) ((const lanner_setting[]){ __VA_ARGS__, { .name = NULL } })

/// What the people who run the host set; where they did not, the defaults. What is read stays as long as the pack runs. A
/// setting that the pack has not, or of another type, ends the pack: a mistake that its first test finds.
typedef struct lanner_settings lanner_settings;

lanner_text lanner_settings_text(const lanner_settings *settings, const char *name);
int64_t lanner_settings_number(const lanner_settings *settings, const char *name);
bool lanner_settings_bool(const lanner_settings *settings, const char *name);

/// Texts, one after the other.
typedef struct lanner_texts {
	const lanner_text *at;
	size_t count;
} lanner_texts;

lanner_texts lanner_settings_texts(const lanner_settings *settings, const char *name);

/// Bytes of the pack's own that are zero whenever it starts.
typedef struct lanner_state {
	void *at;
	size_t size;
} lanner_state;

/// What the rules remember: a variable, without what `lanner_alloc` gave in it when it starts.
#define LANNER_STATE(variable) { &(variable), sizeof(variable) }

/// Rules that travel together, and their state.
typedef struct lanner_pack {
	/// Lower-case words and `-`.
	const char *name;
	/// The pack's version (semver).
	const char *version;
	/// What it is for, in one line.
	const char *summary;
	const lanner_rule *rules;
	const lanner_setting *settings;
	const lanner_property *properties;
	/// What becomes zero whenever the pack starts.
	lanner_state state;
	/// Takes the settings, before the first event. Gives NULL, or in a sentence why they make no sense together: the pack is
	/// not loaded then.
	const char *(*configure)(const lanner_settings *settings);
	/// Writes what the next version shall start from.
	void (*save)(lanner_writer *state);
	/// Takes over what `version` of the pack saved. Not called where it saved nothing. Gives NULL, or in a sentence why it cannot
	/// be used: the old version keeps running then.
	const char *(*restore)(lanner_reader *state, lanner_text version);
	/// Which SDK it is made with, and its version, where that is one on top of this one.
	const char *sdk;
} lanner_pack;

#ifndef __cplusplus
/// Makes it the pack: LANNER_PACK(.name = "…", .version = "1.0.0", .rules = LANNER_RULES(…)); once in all sources.
#define LANNER_PACK(...) const lanner_pack lanner_the_pack = { __VA_ARGS__ }
#endif

extern const lanner_pack lanner_the_pack;

#ifdef __cplusplus
}
#endif
