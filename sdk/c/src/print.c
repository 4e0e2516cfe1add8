#include <lanner/memory.h>
#include <lanner/print.h>

#include "utf8.h"

static const char replacement[] = "\xef\xbf\xbd";

void lanner_buffer_add(lanner_buffer *buffer, const void *bytes, size_t size)
{
	if (size > buffer->capacity - buffer->size) {
		size_t capacity = buffer->capacity * 2 > 256 ? buffer->capacity * 2 : 256;

		while (capacity - buffer->size < size)
			capacity *= 2;
		buffer->data = lanner_resize(buffer->data, capacity);
		buffer->capacity = capacity;
	}
	if (size > 0)
		__builtin_memcpy(buffer->data + buffer->size, bytes, size);
	buffer->size += size;
}

void lanner_buffer_free(lanner_buffer *buffer)
{
	lanner_free(buffer->data);
	*buffer = (lanner_buffer){ 0 };
}

/// Whether a character acts on a terminal or on the direction of what surrounds it.
static bool acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void add_digits(lanner_buffer *buffer, uint64_t number, unsigned radix, int least)
{
	char digits[20];
	int at = sizeof digits;

	do {
		digits[--at] = "0123456789abcdef"[number % radix];
		number /= radix;
		least--;
	} while (number > 0 || least > 0);
	lanner_buffer_add(buffer, digits + at, sizeof digits - (size_t)at);
}

static void add_escape(lanner_buffer *buffer, uint32_t c)
{
	if (c == '\n' || c == '\r' || c == '\t' || c == '"' || c == '\\') {
		char escape[2] = { '\\', c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : (char)c };

		lanner_buffer_add(buffer, escape, sizeof escape);
	} else if (c <= 0x7f) {
		lanner_buffer_add(buffer, "\\x", 2);
		add_digits(buffer, c, 16, 2);
	} else {
		lanner_buffer_add(buffer, "\\u{", 3);
		add_digits(buffer, c, 16, 1);
		lanner_buffer_add(buffer, "}", 1);
	}
}

enum how { LOSSY, ESCAPED, QUOTED };

static void add_text(lanner_buffer *buffer, lanner_text text, enum how how)
{
	size_t from = 0, at = 0;

	while (at < text.size) {
		size_t length;
		uint32_t c = lanner_utf8_next(text.data + at, text.size - at, &length);
		bool is_quote = how == QUOTED && (c == '"' || c == '\\');

		if (c != LANNER_NOT_UTF8 && (how == LOSSY || !acts(c)) && !is_quote) {
			at += length;
			continue;
		}
		// What came before as a whole.
		lanner_buffer_add(buffer, text.data + from, at - from);
		if (c == LANNER_NOT_UTF8)
			lanner_buffer_add(buffer, replacement, sizeof replacement - 1);
		else
			add_escape(buffer, c);
		at += length;
		from = at;
	}
	lanner_buffer_add(buffer, text.data + from, at - from);
}

void lanner_buffer_add_escaped(lanner_buffer *buffer, lanner_text text)
{
	add_text(buffer, text, ESCAPED);
}

void lanner_buffer_add_lossy(lanner_buffer *buffer, lanner_text text)
{
	add_text(buffer, text, LOSSY);
}

void lanner_buffer_add_quoted(lanner_buffer *buffer, lanner_text text)
{
	lanner_buffer_add(buffer, "\"", 1);
	add_text(buffer, text, QUOTED);
	lanner_buffer_add(buffer, "\"", 1);
}

static void add_string(lanner_buffer *buffer, const char *string)
{
	lanner_buffer_add(buffer, string, __builtin_strlen(string));
}

static void add_signed(lanner_buffer *buffer, int64_t number)
{
	if (number < 0)
		lanner_buffer_add(buffer, "-", 1);
	// The least number has no positive counterpart that is signed.
	add_digits(buffer, number < 0 ? -(uint64_t)number : (uint64_t)number, 10, 1);
}

static void add_command_line(lanner_buffer *buffer, lanner_text argv)
{
	lanner_strings args = { argv };
	lanner_text arg;

	for (bool first = true; lanner_next_string(&args, &arg); first = false) {
		if (!first)
			lanner_buffer_add(buffer, " ", 1);
		lanner_buffer_add_escaped(buffer, arg);
	}
}

/// `cat (pid 123, root)`.
static void add_process(lanner_buffer *buffer, lanner_process process)
{
	lanner_text name = lanner_process_name(process), user = lanner_process_user(process);

	if (name.size > 0)
		lanner_buffer_add_escaped(buffer, name);
	else
		lanner_buffer_add(buffer, "?", 1);
	add_string(buffer, " (pid ");
	add_digits(buffer, lanner_process_pid(process), 10, 1);
	if (user.size > 0) {
		add_string(buffer, ", ");
		lanner_buffer_add_escaped(buffer, user);
	} else {
		add_string(buffer, ", uid ");
		add_digits(buffer, lanner_process_uid(process), 10, 1);
	}
	lanner_buffer_add(buffer, ")", 1);
}

/// Three digits after the point: for a look at a number, which a fact holds as it is.
static void add_float(lanner_buffer *buffer, double real)
{
	uint64_t thousandths;

	if (real < 0) {
		lanner_buffer_add(buffer, "-", 1);
		real = -real;
	}
	if (!(real < 1e15)) {
		add_string(buffer, real >= 1e15 ? "very large" : "not a number");
		return;
	}
	thousandths = (uint64_t)(real * 1000 + 0.5);
	add_digits(buffer, thousandths / 1000, 10, 1);
	lanner_buffer_add(buffer, ".", 1);
	add_digits(buffer, thousandths % 1000, 10, 3);
}

static void add_piece(lanner_buffer *buffer, const lanner_piece *piece)
{
	char written[LANNER_ADDRESS_SIZE];

	switch (piece->type) {
	case LANNER_PIECE_UNKNOWN:
		lanner_buffer_add(buffer, "?", 1);
		break;
	case LANNER_PIECE_STRING:
		lanner_buffer_add_lossy(buffer, piece->is.text);
		break;
	case LANNER_PIECE_TEXT:
		lanner_buffer_add_escaped(buffer, piece->is.text);
		break;
	case LANNER_PIECE_SIGNED:
		add_signed(buffer, piece->is.number);
		break;
	case LANNER_PIECE_UNSIGNED:
		add_digits(buffer, piece->is.natural, 10, 1);
		break;
	case LANNER_PIECE_BOOL:
		add_string(buffer, piece->is.yes ? "true" : "false");
		break;
	case LANNER_PIECE_FLOAT:
		add_float(buffer, piece->is.real);
		break;
	case LANNER_PIECE_ADDRESS:
		lanner_buffer_add(buffer, written, lanner_address_write(piece->is.address, written));
		break;
	case LANNER_PIECE_PROCESS:
		add_process(buffer, piece->is.process);
		break;
	case LANNER_PIECE_COMMAND_LINE:
		add_command_line(buffer, piece->is.text);
		break;
	}
}

void lanner_buffer_print(lanner_buffer *buffer, const lanner_piece *pieces, size_t count)
{
	for (size_t piece = 0; piece < count; piece++)
		add_piece(buffer, &pieces[piece]);
}

lanner_text lanner_print_pieces(const lanner_piece *pieces, size_t count)
{
	lanner_buffer buffer = { 0 };
	char *kept;
	size_t size;

	lanner_buffer_print(&buffer, pieces, count);
	size = buffer.size;
	kept = lanner_scratch(size + 1);
	if (size > 0)
		__builtin_memcpy(kept, buffer.data, size);
	kept[size] = '\0';
	lanner_buffer_free(&buffer);
	return lanner_text_of_bytes(kept, size);
}
