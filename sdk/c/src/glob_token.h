/// The pieces of a glob, as they are written.
#pragma once

#include <lanner/text.h>

enum lanner_token_type {
	/// A byte that stands for itself.
	LANNER_TOKEN_BYTE,
	/// `?`.
	LANNER_TOKEN_ONE,
	/// `*`.
	LANNER_TOKEN_STAR,
	/// `**`, or more of them.
	LANNER_TOKEN_DEEP,
	/// `[…]`.
	LANNER_TOKEN_CLASS,
	LANNER_TOKEN_OPEN,
	LANNER_TOKEN_COMMA,
	LANNER_TOKEN_CLOSE,
};

typedef struct lanner_token {
	enum lanner_token_type type;
	char byte;
	/// What is between `[` and `]`.
	lanner_text members;
} lanner_token;

/// Characters that a glob stands for at the most, `*` and `**` not counted: each is a state, and there is one more.
#define LANNER_GLOB_LENGTH 127
/// Globs that one with `{…,…}` stands for at the most.
#define LANNER_GLOB_ALTERNATIVES 64

/// Reads the token that begins at `at`, which it moves to where the next one does. Gives what is wrong with it, or NULL.
const char *lanner_token_read(lanner_text glob, size_t *at, lanner_token *token);

/// Whether it is a character that stands for this byte.
bool lanner_token_accepts(const lanner_token *token, uint8_t byte);
