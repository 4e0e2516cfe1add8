#include <lanner/text.h>

int lanner_text_compare(lanner_text text, lanner_text other)
{
	size_t size = text.size < other.size ? text.size : other.size;
	int order;

	if (!text.data || !other.data)
		return (text.data != NULL) - (other.data != NULL);
	order = __builtin_memcmp(text.data, other.data, size);
	return order ? order : (text.size > other.size) - (text.size < other.size);
}

bool lanner_text_contains(lanner_text text, lanner_text part)
{
	if (!text.data || !part.data || text.size < part.size)
		return false;
	if (part.size == 0)
		return true;
	for (size_t at = 0; at <= text.size - part.size; at++) {
		if (text.data[at] == part.data[0] && __builtin_memcmp(text.data + at, part.data, part.size) == 0)
			return true;
	}
	return false;
}

bool lanner_text_is_one_of(lanner_text text, const char *const *strings)
{
	for (; *strings; strings++) {
		if (lanner_text_equals(text, lanner_text_of(*strings)))
			return true;
	}
	return false;
}

/// One more than where the last `/` stands, or 0.
static size_t name_begins(lanner_text path)
{
	size_t at = path.size;

	while (at > 0 && path.data[at - 1] != '/')
		at--;
	return at;
}

lanner_text lanner_file_name(lanner_text path)
{
	size_t at = name_begins(path);
	// Of a path that is not known there is no name to point to.
	lanner_text name = { path.data ? path.data + at : NULL, path.size - at };

	return name;
}

lanner_text lanner_directory(lanner_text path)
{
	size_t at = name_begins(path);
	lanner_text directory = { path.data, at > 1 ? at - 1 : at };

	return directory;
}

bool lanner_text_is_under(lanner_text path, lanner_text directory)
{
	if (directory.size > 0 && directory.data[directory.size - 1] == '/')
		directory.size--;
	return lanner_text_starts_with(path, directory) && path.size > directory.size + 1 &&
	       path.data[directory.size] == '/';
}
