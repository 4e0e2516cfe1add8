/// @file
/// Texts that are put together from pieces: messages, keys, facts.
///
/// A piece is a string, a text, a number, an address, a process, a command line. Strings stand as they are; what comes from the
/// kernel is made safe to print: what is not UTF-8 becomes U+FFFD, control characters are escaped (`\n`, `\x1b`), and so are
/// those that change the direction of text (`\u{202e}`), so that whoever names a file cannot act on the terminal or deceive
/// the eye of the one who reads it. What is not known is `?`.
#pragma once

#include "event.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lanner_piece_type {
	LANNER_PIECE_UNKNOWN,
	LANNER_PIECE_STRING,
	LANNER_PIECE_TEXT,
	LANNER_PIECE_SIGNED,
	LANNER_PIECE_UNSIGNED,
	LANNER_PIECE_BOOL,
	LANNER_PIECE_FLOAT,
	LANNER_PIECE_ADDRESS,
	LANNER_PIECE_PROCESS,
	LANNER_PIECE_COMMAND_LINE,
};

/// A piece of a text, or a fact.
typedef struct lanner_piece {
	enum lanner_piece_type type;
	union {
		lanner_text text;
		int64_t number;
		uint64_t natural;
		bool yes;
		double real;
		lanner_address address;
		lanner_process process;
	} is;
} lanner_piece;

#define LANNER_PIECE_OF(name, takes, makes, member, value)                                                               \
	LANNER_INLINE lanner_piece lanner_piece_of_##name(takes it)                                                    \
	{                                                                                                              \
		lanner_piece piece;                                                                                    \
                                                                                                                       \
		piece.type = makes;                                                                                    \
		piece.is.member = value;                                                                               \
		return piece;                                                                                          \
	}
LANNER_PIECE_OF(text, lanner_text, it.data ? LANNER_PIECE_TEXT : LANNER_PIECE_UNKNOWN, text, it)
LANNER_PIECE_OF(string, const char *, it ? LANNER_PIECE_STRING : LANNER_PIECE_UNKNOWN, text, lanner_text_of(it))
LANNER_PIECE_OF(signed, int64_t, LANNER_PIECE_SIGNED, number, it)
LANNER_PIECE_OF(unsigned, uint64_t, LANNER_PIECE_UNSIGNED, natural, it)
LANNER_PIECE_OF(bool, bool, LANNER_PIECE_BOOL, yes, it)
LANNER_PIECE_OF(float, double, LANNER_PIECE_FLOAT, real, it)
LANNER_PIECE_OF(address, lanner_address, it.known ? LANNER_PIECE_ADDRESS : LANNER_PIECE_UNKNOWN, address, it)
LANNER_PIECE_OF(process, lanner_process, it.record.size > 0 ? LANNER_PIECE_PROCESS : LANNER_PIECE_UNKNOWN, process, it)
LANNER_PIECE_OF(command_line, lanner_command_line, LANNER_PIECE_COMMAND_LINE, text, it.argv)
LANNER_PIECE_OF(known_bool, lanner_bool, it.known ? LANNER_PIECE_BOOL : LANNER_PIECE_UNKNOWN, yes, it.value)
LANNER_PIECE_OF(u8, lanner_u8, it.known ? LANNER_PIECE_UNSIGNED : LANNER_PIECE_UNKNOWN, natural, it.value)
LANNER_PIECE_OF(u16, lanner_u16, it.known ? LANNER_PIECE_UNSIGNED : LANNER_PIECE_UNKNOWN, natural, it.value)
LANNER_PIECE_OF(u32, lanner_u32, it.known ? LANNER_PIECE_UNSIGNED : LANNER_PIECE_UNKNOWN, natural, it.value)
LANNER_PIECE_OF(u64, lanner_u64, it.known ? LANNER_PIECE_UNSIGNED : LANNER_PIECE_UNKNOWN, natural, it.value)
LANNER_PIECE_OF(i32, lanner_i32, it.known ? LANNER_PIECE_SIGNED : LANNER_PIECE_UNKNOWN, number, it.value)
LANNER_PIECE_OF(i64, lanner_i64, it.known ? LANNER_PIECE_SIGNED : LANNER_PIECE_UNKNOWN, number, it.value)
#undef LANNER_PIECE_OF

/// Bytes that grow as more are added: all zero, it is empty.
typedef struct lanner_buffer {
	char *data;
	size_t size, capacity;
} lanner_buffer;

/// Adds bytes as they are.
void lanner_buffer_add(lanner_buffer *buffer, const void *bytes, size_t size);

/// Adds pieces, as they are shown.
void lanner_buffer_print(lanner_buffer *buffer, const lanner_piece *pieces, size_t count);

/// Adds a text without its control characters: see above.
void lanner_buffer_add_escaped(lanner_buffer *buffer, lanner_text text);

/// The same in quotes, with a backslash before quotes and backslashes.
void lanner_buffer_add_quoted(lanner_buffer *buffer, lanner_text text);

/// Adds a text as it is, but for what is not UTF-8, which becomes U+FFFD.
void lanner_buffer_add_lossy(lanner_buffer *buffer, lanner_text text);

/// Frees what is in it: it is empty again.
void lanner_buffer_free(lanner_buffer *buffer);

/// The pieces as one text, which stays until the handler or hook returns.
lanner_text lanner_print_pieces(const lanner_piece *pieces, size_t count);

#ifdef __cplusplus
}
#else

/// Whatever can be a piece as one.
#define LANNER_PIECE(it)                                                                                               \
	_Generic((it),                                                                                                 \
		char *: lanner_piece_of_string,                                                                        \
		const char *: lanner_piece_of_string,                                                                  \
		lanner_text: lanner_piece_of_text,                                                                     \
		bool: lanner_piece_of_bool,                                                                            \
		signed char: lanner_piece_of_signed,                                                                   \
		short: lanner_piece_of_signed,                                                                         \
		int: lanner_piece_of_signed,                                                                           \
		long: lanner_piece_of_signed,                                                                          \
		long long: lanner_piece_of_signed,                                                                     \
		unsigned char: lanner_piece_of_unsigned,                                                               \
		unsigned short: lanner_piece_of_unsigned,                                                              \
		unsigned: lanner_piece_of_unsigned,                                                                    \
		unsigned long: lanner_piece_of_unsigned,                                                               \
		unsigned long long: lanner_piece_of_unsigned,                                                          \
		double: lanner_piece_of_float,                                                                         \
		lanner_address: lanner_piece_of_address,                                                               \
		lanner_process: lanner_piece_of_process,                                                               \
		lanner_command_line: lanner_piece_of_command_line,                                                     \
		lanner_bool: lanner_piece_of_known_bool,                                                               \
		lanner_u8: lanner_piece_of_u8,                                                                         \
		lanner_u16: lanner_piece_of_u16,                                                                       \
		lanner_u32: lanner_piece_of_u32,                                                                       \
		lanner_u64: lanner_piece_of_u64,                                                                       \
		lanner_i32: lanner_piece_of_i32,                                                                       \
		lanner_i64: lanner_piece_of_i64)(it)

#define LANNER_PIECES_1(a) LANNER_PIECE(a)
#define LANNER_PIECES_2(a, ...) LANNER_PIECE(a), LANNER_PIECES_1(__VA_ARGS__)
#define LANNER_PIECES_3(a, ...) LANNER_PIECE(a), LANNER_PIECES_2(__VA_ARGS__)
#define LANNER_PIECES_4(a, ...) LANNER_PIECE(a), LANNER_PIECES_3(__VA_ARGS__)
#define LANNER_PIECES_5(a, ...) LANNER_PIECE(a), LANNER_PIECES_4(__VA_ARGS__)
#define LANNER_PIECES_6(a, ...) LANNER_PIECE(a), LANNER_PIECES_5(__VA_ARGS__)
#define LANNER_PIECES_7(a, ...) LANNER_PIECE(a), LANNER_PIECES_6(__VA_ARGS__)
#define LANNER_PIECES_8(a, ...) LANNER_PIECE(a), LANNER_PIECES_7(__VA_ARGS__)
#define LANNER_PIECES_9(a, ...) LANNER_PIECE(a), LANNER_PIECES_8(__VA_ARGS__)
#define LANNER_PIECES_10(a, ...) LANNER_PIECE(a), LANNER_PIECES_9(__VA_ARGS__)
#define LANNER_PIECES_11(a, ...) LANNER_PIECE(a), LANNER_PIECES_10(__VA_ARGS__)
#define LANNER_PIECES_12(a, ...) LANNER_PIECE(a), LANNER_PIECES_11(__VA_ARGS__)
#define LANNER_PIECES_13(a, ...) LANNER_PIECE(a), LANNER_PIECES_12(__VA_ARGS__)
#define LANNER_PIECES_14(a, ...) LANNER_PIECE(a), LANNER_PIECES_13(__VA_ARGS__)
#define LANNER_PIECES_15(a, ...) LANNER_PIECE(a), LANNER_PIECES_14(__VA_ARGS__)
#define LANNER_PIECES_16(a, ...) LANNER_PIECE(a), LANNER_PIECES_15(__VA_ARGS__)
#define LANNER_PIECES_COUNTED(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, count, ...) LANNER_PIECES_##count
/// Up to 16 pieces, and how many they are: two arguments.
#define LANNER_PIECES(...)                                                                                             \
	(const lanner_piece[]){ LANNER_PIECES_COUNTED(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, \
						      1, none)(__VA_ARGS__) },                                         \
		sizeof(const lanner_piece[]){ LANNER_PIECES_COUNTED(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, \
								    6, 5, 4, 3, 2, 1, none)(__VA_ARGS__) } /           \
			sizeof(lanner_piece)

/// The pieces as one text, which stays until the handler or hook returns: `lanner_print(address, ":", port)`.
#define lanner_print(...) lanner_print_pieces(LANNER_PIECES(__VA_ARGS__))

#endif
