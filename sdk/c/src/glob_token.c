#include "glob_token.h"

#include <lanner/matching.h>

/// A letter between `[` and `]`, which a backslash may stand before.
static bool read_letter(lanner_text text, size_t *at, uint8_t *letter)
{
	if (*at < text.size && text.data[*at] == '\\')
		++*at;
	if (*at >= text.size)
		return false;
	*letter = (uint8_t)text.data[(*at)++];
	return true;
}

/// A member of a class: from, to. False where the text ends in it.
static bool read_member(lanner_text text, size_t *at, uint8_t *low, uint8_t *high)
{
	if (!read_letter(text, at, low))
		return false;
	*high = *low;
	if (*at + 1 < text.size && text.data[*at] == '-' && text.data[*at + 1] != ']') {
		++*at;
		return read_letter(text, at, high);
	}
	return true;
}

static bool is_negated(lanner_text members)
{
	return members.size > 0 && (members.data[0] == '!' || members.data[0] == '^');
}

static const char *read_class(lanner_text glob, size_t *at, lanner_token *token)
{
	lanner_text rest = { glob.data + *at, glob.size - *at };
	size_t first = is_negated(rest), end = first;

	while (end < rest.size) {
		uint8_t low, high;

		if (rest.data[end] == ']') {
			if (end == first)
				return "a [ and ] of a glob have nothing between them";
			token->type = LANNER_TOKEN_CLASS;
			token->members = (lanner_text){ rest.data, end };
			*at += end + 1;
			return NULL;
		}
		if (!read_member(rest, &end, &low, &high))
			break;
		if (low > high)
			return "a range of a glob ends before it begins";
		if (high > 0x7f)
			return "a letter between [ and ] of a glob is not ASCII";
	}
	return "a [ of a glob has no ] after it";
}

const char *lanner_token_read(lanner_text glob, size_t *at, lanner_token *token)
{
	*token = (lanner_token){ LANNER_TOKEN_BYTE, glob.data[(*at)++], { NULL, 0 } };
	switch (token->byte) {
	case '?':
		token->type = LANNER_TOKEN_ONE;
		break;
	case '{':
		token->type = LANNER_TOKEN_OPEN;
		break;
	case ',':
		token->type = LANNER_TOKEN_COMMA;
		break;
	case '}':
		token->type = LANNER_TOKEN_CLOSE;
		break;
	case '*':
		token->type = LANNER_TOKEN_STAR;
		for (; *at < glob.size && glob.data[*at] == '*'; ++*at)
			token->type = LANNER_TOKEN_DEEP;
		break;
	case '[':
		return read_class(glob, at, token);
	case '\\':
		if (*at == glob.size)
			return "a glob ends with a \\";
		token->byte = glob.data[(*at)++];
		break;
	}
	return NULL;
}

bool lanner_token_accepts(const lanner_token *token, uint8_t byte)
{
	size_t at = is_negated(token->members);
	uint8_t low, high;
	bool is_member = false;

	switch (token->type) {
	case LANNER_TOKEN_BYTE:
		return (uint8_t)token->byte == byte;
	case LANNER_TOKEN_ONE:
		return byte != '/';
	case LANNER_TOKEN_CLASS:
		while (at < token->members.size && read_member(token->members, &at, &low, &high))
			is_member |= low <= byte && byte <= high;
		return byte != '/' && is_member != is_negated(token->members);
	default:
		return false;
	}
}

const char *lanner_glob_wrong(lanner_text glob)
{
	// Of the braces that it is in: how many alternatives, the length of this one, and of the longest one.
	unsigned length = 0, alternatives = 1, inside = 0, here = 0, longest = 0;

	for (size_t at = 0; at < glob.size;) {
		lanner_token token;
		const char *wrong = lanner_token_read(glob, &at, &token);

		if (wrong)
			return wrong;
		switch (token.type) {
		case LANNER_TOKEN_OPEN:
			if (inside > 0)
				return "a { of a glob lies between { and }";
			inside = 1;
			here = longest = 0;
			break;
		case LANNER_TOKEN_CLOSE:
			if (inside == 0)
				return "a } of a glob has no { before it";
			length += here > longest ? here : longest;
			alternatives *= inside;
			inside = here = 0;
			break;
		case LANNER_TOKEN_COMMA:
			if (inside > 0) {
				longest = here > longest ? here : longest;
				here = 0;
				inside++;
			} else {
				length++;
			}
			break;
		case LANNER_TOKEN_STAR:
		case LANNER_TOKEN_DEEP:
			break;
		default:
			if (inside > 0)
				here++;
			else
				length++;
		}
		if (length + here > LANNER_GLOB_LENGTH)
			return "a glob stands for more than 127 characters";
		if (alternatives > LANNER_GLOB_ALTERNATIVES || inside > LANNER_GLOB_ALTERNATIVES)
			return "a glob has more than 64 alternatives";
	}
	return inside > 0 ? "a { of a glob has no } after it" : NULL;
}
