/// @file
/// Messages, keys and facts, put together from parts: strings, texts, numbers, addresses, processes, command lines.
///
/// Strings stand as they are; what comes from the kernel is made safe to print; what is not known is `?`.
#pragma once

#include "process.hpp"

namespace lanner {

inline lanner_piece piece_of(const char *it) { return lanner_piece_of_string(it); }
inline lanner_piece piece_of(const std::string &it) { return lanner_piece_of_string(it.c_str()); }
inline lanner_piece piece_of(text it) { return lanner_piece_of_text(it.raw()); }
inline lanner_piece piece_of(bool it) { return lanner_piece_of_bool(it); }
inline lanner_piece piece_of(double it) { return lanner_piece_of_float(it); }
inline lanner_piece piece_of(const address &it) { return lanner_piece_of_address(it.raw()); }
inline lanner_piece piece_of(process it) { return lanner_piece_of_process(it.raw()); }
inline lanner_piece piece_of(command_line it) { return lanner_piece_of_command_line(it.raw()); }

/// A string that is not ended by a NUL stands as it is, too.
inline lanner_piece piece_of(std::string_view it)
{
	lanner_piece piece;

	piece.type = LANNER_PIECE_STRING;
	piece.is.text = lanner_text_of_bytes(it.data(), it.size());
	return piece;
}

template <class Number, std::enable_if_t<std::is_integral_v<Number>, int> = 0>
lanner_piece piece_of(Number it)
{
	if constexpr (std::is_signed_v<Number>)
		return lanner_piece_of_signed(it);
	else
		return lanner_piece_of_unsigned(it);
}

template <class It>
lanner_piece piece_of(const std::optional<It> &it)
{
	lanner_piece unknown;

	unknown.type = LANNER_PIECE_UNKNOWN;
	return it ? piece_of(*it) : unknown;
}

/// The parts as one string.
template <class... Parts>
std::string print(const Parts &...parts)
{
	const lanner_piece pieces[] = { piece_of(parts)... };
	lanner_buffer buffer = {};

	lanner_buffer_print(&buffer, pieces, sizeof...(Parts));
	std::string printed(buffer.data ? buffer.data : "", buffer.size);
	lanner_buffer_free(&buffer);
	return printed;
}

inline std::string text::shown() const
{
	return print(*this);
}

inline std::string command_line::str() const
{
	return print(*this);
}

namespace detail {

inline std::string taken(lanner_buffer &buffer)
{
	std::string taken(buffer.data ? buffer.data : "", buffer.size);

	lanner_buffer_free(&buffer);
	return taken;
}

} // namespace detail

inline std::string text::quoted() const
{
	lanner_buffer buffer = {};

	lanner_buffer_add_quoted(&buffer, raw_);
	return detail::taken(buffer);
}

inline std::string text::lossy() const
{
	lanner_buffer buffer = {};

	lanner_buffer_add_lossy(&buffer, raw_);
	return detail::taken(buffer);
}

/// To any stream of the standard library, which packs can do without.
template <class Stream>
auto operator<<(Stream &out, text it) -> decltype(out << it.shown())
{
	return out << it.shown();
}

/// How much a line of the log matters.
enum class level { debug = LANNER_DEBUG, info = LANNER_NOTE, warn = LANNER_WARN, error = LANNER_ERROR };

/// Says something to the people who run the host: `lanner::log(level::warn, "no such user: ", name)`. Limited there: a flood is cut and
/// counted. In tests it goes to standard error.
template <class... Parts>
void log(level level, const Parts &...parts)
{
	const lanner_piece pieces[] = { piece_of(parts)... };

	lanner_log_pieces(static_cast<lanner_level>(level), pieces, sizeof...(Parts));
}

} // namespace lanner
