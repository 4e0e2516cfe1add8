/// @file
/// How a pack's state is written and read: CBOR (RFC 8949).
#pragma once

#include <vector>

#include "values.hpp"

namespace lanner {

/// Where state is written to.
///
///     writer.map(1).key("opens").value(opens_);
class writer {
public:
	explicit writer(lanner_writer *raw) : raw_(raw) {}

	/// A map of so many keys, each followed by its value.
	writer &map(std::size_t count)
	{
		lanner_write_map(raw_, count);
		return *this;
	}

	/// An array of so many items, which follow.
	writer &array(std::size_t count)
	{
		lanner_write_array(raw_, count);
		return *this;
	}

	writer &key(const char *name)
	{
		lanner_write_string(raw_, name);
		return *this;
	}

	/// A number, a truth, a string (bytes), or a container of such.
	template <class Value>
	writer &value(const Value &it)
	{
		if constexpr (std::is_same_v<Value, bool>) {
			lanner_write_bool(raw_, it);
		} else if constexpr (std::is_floating_point_v<Value>) {
			lanner_write_float(raw_, it);
		} else if constexpr (std::is_integral_v<Value>) {
			if constexpr (std::is_signed_v<Value>)
				lanner_write_i64(raw_, it);
			else
				lanner_write_u64(raw_, it);
		} else if constexpr (std::is_convertible_v<const Value &, std::string_view>) {
			std::string_view bytes = it;

			lanner_write_bytes(raw_, lanner_text_of_bytes(bytes.data(), bytes.size()));
		} else {
			array(it.size());
			for (const auto &item : it)
				value(item);
		}
		return *this;
	}

private:
	lanner_writer *raw_;
};

/// State that is read. The first thing that is not what was asked for makes everything from then on 0 and empty, and `is_wrong()` true: it
/// is enough to look at the end, and who restores state need not look at all.
///
///     for (auto keys = reader.map(); keys.next();) {
///         if (reader.string() == "opens") reader.value(opens_);
///         else reader.skip();
///     }
class reader {
public:
	explicit reader(lanner_reader *raw) : raw_(raw) {}

	/// Items of an array, or keys of a map.
	class items {
	public:
		items(lanner_reader *raw, lanner_items left) : raw_(raw), left_(left) {}
		/// Whether there is another one, which then comes next.
		bool next() { return lanner_next_item(raw_, &left_); }

	private:
		lanner_reader *raw_;
		lanner_items left_;
	};

	items map() { return items(raw_, lanner_read_map(raw_)); }
	items array() { return items(raw_, lanner_read_array(raw_)); }

	/// A text or bytes, which lie in what is read.
	std::string_view string()
	{
		lanner_text it = lanner_read_text_item(raw_);

		return { it.data, it.size };
	}

	/// Reads a value of the type that `it` has: a number that has room, a truth, a string, a `std::vector` of such.
	template <class Value>
	void value(Value &it)
	{
		if constexpr (std::is_same_v<Value, bool>) {
			it = lanner_read_bool_item(raw_);
		} else if constexpr (std::is_floating_point_v<Value>) {
			it = static_cast<Value>(lanner_read_float_item(raw_));
		} else if constexpr (std::is_integral_v<Value>) {
			integer(it);
		} else if constexpr (std::is_same_v<Value, std::string>) {
			it = string();
		} else {
			it.clear();
			for (items left = array(); left.next();)
				value(it.emplace_back());
		}
	}

	/// Passes over what comes next, however deep it lies.
	void skip() { lanner_read_past(raw_); }

	bool is_wrong() const { return raw_->wrong; }
	/// What was read makes no sense.
	void fail() { raw_->wrong = true; }

private:
	template <class Value>
	void integer(Value &it)
	{
		if constexpr (std::is_signed_v<Value>) {
			std::int64_t read = lanner_read_i64_item(raw_);

			it = static_cast<Value>(read);
			if (it != read)
				fail();
		} else {
			std::uint64_t read = lanner_read_u64_item(raw_);

			it = static_cast<Value>(read);
			if (it != read)
				fail();
		}
	}

	lanner_reader *raw_;
};

} // namespace lanner
