#include "settings.h"

#include <lanner/memory.h>

#include "fail.h"

typedef struct value {
	const lanner_setting *setting;
	lanner_text text;
	lanner_texts texts;
	int64_t number;
	bool yes;
	/// It was set: its texts are its own, and no longer the source's.
	bool set;
} value;

struct lanner_settings {
	size_t count;
	value values[];
};

static size_t count_of(const char *const *strings)
{
	size_t count = 0;

	while (strings[count])
		count++;
	return count;
}

lanner_settings *lanner_settings_new(const lanner_setting *settings)
{
	lanner_settings *all;
	size_t count = 0;

	while (settings && settings[count].name)
		count++;
	all = lanner_alloc_zeroed(1, sizeof *all + count * sizeof(value));
	all->count = count;
	for (size_t at = 0; at < count; at++) {
		const lanner_setting *setting = &settings[at];
		value *value = &all->values[at];

		value->setting = setting;
		value->text = lanner_text_of(setting->text);
		value->number = setting->number;
		value->yes = setting->yes;
		if (setting->type == LANNER_SETTING_OF_TEXTS) {
			lanner_text *texts = lanner_alloc_zeroed(count_of(setting->texts), sizeof *texts);

			value->texts = (lanner_texts){ texts, count_of(setting->texts) };
			for (size_t text = 0; text < value->texts.count; text++)
				texts[text] = lanner_text_of(setting->texts[text]);
		}
	}
	return all;
}

/// Frees what it is set to, which may be the default.
static void free_value(value *value)
{
	if (value->set) {
		for (size_t text = 0; text < value->texts.count; text++)
			lanner_free((char *)value->texts.at[text].data);
		if (value->setting->type != LANNER_SETTING_OF_TEXTS)
			lanner_free((char *)value->text.data);
	}
	lanner_free((lanner_text *)value->texts.at);
	value->texts = (lanner_texts){ NULL, 0 };
}

void lanner_settings_free(lanner_settings *settings)
{
	for (size_t at = 0; settings && at < settings->count; at++)
		free_value(&settings->values[at]);
	lanner_free(settings);
}

/// A text that stays, with a NUL behind it.
static lanner_text copy(lanner_text text)
{
	char *bytes = lanner_alloc(text.size + 1);

	if (text.size > 0)
		__builtin_memcpy(bytes, text.data, text.size);
	bytes[text.size] = '\0';
	return lanner_text_of_bytes(bytes, text.size);
}

static void read_texts(value *value, lanner_reader *reader)
{
	lanner_items items = lanner_read_array(reader);
	lanner_text *texts = NULL;
	size_t count = 0, capacity = 0;

	while (lanner_next_item(reader, &items)) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 8;
			texts = lanner_resize(texts, capacity * sizeof *texts);
		}
		texts[count++] = copy(lanner_read_text_item(reader));
	}
	free_value(value);
	value->set = true;
	value->texts = (lanner_texts){ texts, count };
}

static void read_value(value *value, lanner_reader *reader)
{
	const lanner_setting *setting = value->setting;
	lanner_text text;

	switch (setting->type) {
	case LANNER_SETTING_OF_TEXT:
	case LANNER_SETTING_OF_CHOICES:
		text = lanner_read_text_item(reader);
		if (setting->type == LANNER_SETTING_OF_CHOICES && !lanner_text_is_one_of(text, setting->choices))
			reader->wrong = true;
		free_value(value);
		value->set = true;
		value->text = copy(text);
		break;
	case LANNER_SETTING_OF_TEXTS:
		read_texts(value, reader);
		break;
	case LANNER_SETTING_OF_NUMBER:
		value->number = lanner_read_i64_item(reader);
		if (value->number < setting->least || value->number > setting->most)
			reader->wrong = true;
		break;
	case LANNER_SETTING_OF_BOOL:
		value->yes = lanner_read_bool_item(reader);
		break;
	}
}

static value *find(lanner_settings *settings, lanner_text name)
{
	for (size_t at = 0; at < settings->count; at++) {
		if (lanner_text_equals(name, lanner_text_of(settings->values[at].setting->name)))
			return &settings->values[at];
	}
	return NULL;
}

const char *lanner_settings_read(lanner_settings *settings, lanner_reader *reader)
{
	lanner_items items = lanner_read_map(reader);

	while (lanner_next_item(reader, &items)) {
		lanner_text name = lanner_read_text_item(reader);
		value *value = find(settings, name);

		if (reader->wrong)
			break;
		if (!value)
			return lanner_print("there is no setting ", name).data;
		read_value(value, reader);
		if (reader->wrong)
			return lanner_print("the setting ", name, " does not take what it is set to").data;
	}
	return reader->wrong ? "the settings are not a map" : NULL;
}

/// A setting of one of two types.
static const value *get(const lanner_settings *settings, const char *name, enum lanner_setting_type type,
			enum lanner_setting_type or_type, const char *as)
{
	const value *value = find((lanner_settings *)settings, lanner_text_of(name));

	if (!value)
		lanner_fail("the pack reads the setting ", name, ", which it does not have");
	if (value->setting->type != type && value->setting->type != or_type)
		lanner_fail("the pack reads the setting ", name, " as ", as, ", and has it as something else");
	return value;
}

lanner_text lanner_settings_text(const lanner_settings *settings, const char *name)
{
	return get(settings, name, LANNER_SETTING_OF_TEXT, LANNER_SETTING_OF_CHOICES, "a text")->text;
}

lanner_texts lanner_settings_texts(const lanner_settings *settings, const char *name)
{
	return get(settings, name, LANNER_SETTING_OF_TEXTS, LANNER_SETTING_OF_TEXTS, "texts")->texts;
}

int64_t lanner_settings_number(const lanner_settings *settings, const char *name)
{
	return get(settings, name, LANNER_SETTING_OF_NUMBER, LANNER_SETTING_OF_NUMBER, "a number")->number;
}

bool lanner_settings_bool(const lanner_settings *settings, const char *name)
{
	return get(settings, name, LANNER_SETTING_OF_BOOL, LANNER_SETTING_OF_BOOL, "yes or no")->yes;
}
