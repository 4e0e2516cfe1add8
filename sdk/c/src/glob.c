#include "glob.h"

#include <lanner/memory.h>

#include "glob_token.h"

static lanner_states state_of(unsigned number)
{
	lanner_states states = { number < 64 ? 1ull << number : 0, number < 64 ? 0 : 1ull << (number - 64) };

	return states;
}

static lanner_states both(lanner_states a, lanner_states b)
{
	return (lanner_states){ a.low & b.low, a.high & b.high };
}

static lanner_states either(lanner_states a, lanner_states b)
{
	return (lanner_states){ a.low | b.low, a.high | b.high };
}

/// The states after these.
static lanner_states after(lanner_states a)
{
	return (lanner_states){ a.low << 1, a.high << 1 | a.low >> 63 };
}

static bool is_none(lanner_states a)
{
	return (a.low | a.high) == 0;
}

static bool is_byte(const lanner_token *token, char byte)
{
	return token->type == LANNER_TOKEN_BYTE && token->byte == byte;
}

/// The bytes of tokens that all are bytes.
static lanner_text bytes_of(const lanner_token *tokens, size_t count)
{
	char *bytes = lanner_alloc(count + 1);

	for (size_t at = 0; at < count; at++)
		bytes[at] = tokens[at].byte;
	return lanner_text_of_bytes(bytes, count);
}

static void make_steps(lanner_glob *glob, const lanner_token *characters, unsigned count)
{
	unsigned classes = 0;

	glob->steps = lanner_alloc(256 * sizeof *glob->steps);
	for (unsigned byte = 0; byte < 256; byte++) {
		lanner_states step = { 0, 0 };
		unsigned class = 0;

		for (unsigned state = 0; state < count; state++) {
			if (lanner_token_accepts(&characters[state], (uint8_t)byte))
				step = either(step, state_of(state));
		}
		// Bytes that make the same steps are one class.
		while (class < classes && (glob->steps[class].low != step.low || glob->steps[class].high != step.high))
			class++;
		if (class == classes)
			glob->steps[classes++] = step;
		glob->classes[byte] = (uint8_t)class;
	}
	glob->steps = lanner_resize(glob->steps, classes * sizeof *glob->steps);
}

static void make_automaton(lanner_glob *glob, const lanner_token *tokens, size_t count, bool after_slash)
{
	lanner_token characters[LANNER_GLOB_LENGTH];
	unsigned states = 0;

	for (size_t at = 0; at < count; at++) {
		const lanner_token *token = &tokens[at];

		switch (token->type) {
		case LANNER_TOKEN_STAR:
			glob->stay_in_name = either(glob->stay_in_name, state_of(states));
			break;
		case LANNER_TOKEN_DEEP:
			glob->stay = either(glob->stay, state_of(states));
			if (!after_slash || at + 1 == count || !is_byte(&tokens[at + 1], '/'))
				break;
			// Folders, each with its `/`, or none. The same again says nothing more.
			glob->skip = either(glob->skip, state_of(states));
			characters[states++] = tokens[++at];
			while (at + 2 < count && tokens[at + 1].type == LANNER_TOKEN_DEEP && is_byte(&tokens[at + 2], '/'))
				at += 2;
			continue;
		default:
			characters[states++] = *token;
		}
		after_slash = is_byte(token, '/');
	}
	make_steps(glob, characters, states);
	glob->last = state_of(states);
}

static void add(lanner_globs *globs, lanner_text written, const lanner_token *tokens, size_t count)
{
	size_t begin = 0, end = 0, middle;
	lanner_glob *glob;

	if (globs->count == globs->capacity) {
		globs->capacity = globs->capacity ? 2 * globs->capacity : 4;
		globs->at = lanner_resize(globs->at, globs->capacity * sizeof *globs->at);
	}
	glob = &globs->at[globs->count++];
	*glob = (lanner_glob){ .written = written };
	while (begin < count && tokens[begin].type == LANNER_TOKEN_BYTE)
		begin++;
	while (end < count - begin && tokens[count - end - 1].type == LANNER_TOKEN_BYTE)
		end++;
	middle = count - begin - end;
	// The `/` of `**` and `/` goes with it.
	if (end > 0 && is_byte(&tokens[count - end], '/') && middle > 0 &&
	    tokens[count - end - 1].type == LANNER_TOKEN_DEEP) {
		end--;
		middle++;
	}
	glob->begin = bytes_of(tokens, begin);
	glob->end = bytes_of(tokens + count - end, end);
	make_automaton(glob, tokens + begin, middle, begin == 0 || is_byte(&tokens[begin - 1], '/'));
}

/// Adds the glob that it is with the alternative `number` of each of its braces, of which the first are counted fastest.
static void add_alternative(lanner_globs *globs, lanner_text glob, lanner_token *tokens, unsigned number)
{
	size_t count = 0;

	for (size_t at = 0; at < glob.size;) {
		lanner_token token;
		unsigned alternatives = 1, chosen;
		size_t ahead;

		lanner_token_read(glob, &at, &token);
		if (token.type != LANNER_TOKEN_OPEN) {
			// Outside of braces a comma stands for itself.
			if (token.type == LANNER_TOKEN_COMMA)
				token.type = LANNER_TOKEN_BYTE;
			tokens[count++] = token;
			continue;
		}
		ahead = at;
		do {
			lanner_token_read(glob, &ahead, &token);
			alternatives += token.type == LANNER_TOKEN_COMMA;
		} while (token.type != LANNER_TOKEN_CLOSE);
		chosen = number % alternatives;
		number /= alternatives;
		for (;;) {
			lanner_token_read(glob, &at, &token);
			if (token.type == LANNER_TOKEN_CLOSE)
				break;
			if (token.type == LANNER_TOKEN_COMMA)
				chosen--;
			else if (chosen == 0)
				tokens[count++] = token;
		}
	}
	add(globs, glob, tokens, count);
}

void lanner_globs_add(lanner_globs *globs, lanner_text glob)
{
	lanner_token *tokens = lanner_alloc((glob.size + 1) * sizeof *tokens), token;
	unsigned all = 1, inside = 0;

	for (size_t at = 0; at < glob.size;) {
		lanner_token_read(glob, &at, &token);
		if (token.type == LANNER_TOKEN_OPEN)
			inside = 1;
		else if (token.type == LANNER_TOKEN_COMMA && inside > 0)
			inside++;
		else if (token.type == LANNER_TOKEN_CLOSE) {
			all *= inside;
			inside = 0;
		}
	}
	for (unsigned number = 0; number < all; number++)
		add_alternative(globs, glob, tokens, number);
	lanner_free(tokens);
}

bool lanner_glob_matches(const lanner_glob *glob, lanner_text text)
{
	lanner_states states = state_of(0);

	if (text.size < glob->begin.size + glob->end.size || !lanner_text_starts_with(text, glob->begin) ||
	    !lanner_text_ends_with(text, glob->end))
		return false;
	states = either(states, after(both(states, glob->skip)));
	for (size_t at = glob->begin.size; at < text.size - glob->end.size; at++) {
		uint8_t byte = (uint8_t)text.data[at];
		lanner_states entered = after(both(states, glob->steps[glob->classes[byte]]));
		lanner_states stay = byte == '/' ? glob->stay : either(glob->stay, glob->stay_in_name);

		entered = either(entered, after(both(entered, glob->skip)));
		states = either(entered, both(states, stay));
		if (is_none(states))
			return false;
	}
	return !is_none(both(states, glob->last));
}
