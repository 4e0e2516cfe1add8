/// @file
/// What of a kind's events a handler is given. The host compares, so that what does not pass never reaches the pack.
///
///     .only(field::open::path.equals({ "/etc/shadow" }) || field::open::path.starts_with({ "/root/.ssh/" }))
#pragma once

#include "matching.hpp"

namespace lanner {

/// What an event must be like. A test of a field that is not known does not hold; its negation does.
class filter {
public:
	/// Both hold.
	friend filter operator&&(const filter &one, const filter &other) { return both(LANNER_TEST_ALL, one, other); }
	/// At least one of them holds.
	friend filter operator||(const filter &one, const filter &other) { return both(LANNER_TEST_ANY, one, other); }
	/// It does not hold.
	friend filter operator!(const filter &one) { return of(LANNER_TEST_NOT, { one }); }

	/// As it is in the C SDK, as long as the filter or a copy of it is there.
	const lanner_filter *raw() const { return &its_->raw; }

	/// A test of a field, whose values are set by `values`.
	template <class Values>
	static filter test(lanner_test_type test, const char *name, std::size_t field, std::size_t count, Values values)
	{
		auto made = std::make_shared<owned>();

		made->raw.test = test;
		made->raw.name = name;
		made->raw.field = static_cast<unsigned>(field);
		made->raw.count = count;
		values(*made);
		return filter(std::move(made));
	}

	/// A filter of others.
	static filter of(lanner_test_type test, std::vector<filter> filters)
	{
		auto made = std::make_shared<owned>();

		for (const filter &it : filters)
			made->raws.push_back(it.raw());
		made->filters = std::move(filters);
		made->raw.test = test;
		made->raw.count = made->raws.size();
		made->raw.is.filters = made->raws.data();
		return filter(std::move(made));
	}

	/// What belongs to a filter of the C SDK.
	struct owned {
		lanner_filter raw = {};
		std::vector<filter> filters;
		std::vector<const lanner_filter *> raws;
		std::vector<std::unique_ptr<std::string>> kept;
		std::vector<lanner_text> texts;
		std::vector<lanner_number> numbers;
		std::vector<const char *> strings;

		const std::string &keep(std::string_view it)
		{
			kept.push_back(std::make_unique<std::string>(it));
			return *kept.back();
		}

		void keep_texts(std::initializer_list<std::string_view> these)
		{
			for (std::string_view it : these) {
				const std::string &copy = keep(it);

				texts.push_back(lanner_text_of_bytes(copy.data(), copy.size()));
			}
			raw.is.texts = texts.data();
		}

		void keep_strings(std::initializer_list<std::string_view> these)
		{
			for (std::string_view it : these)
				strings.push_back(keep(it).c_str());
			raw.is.strings = strings.data();
		}
	};

private:
	explicit filter(std::shared_ptr<const owned> its) : its_(std::move(its)) {}

	/// Of several in a line one filter is made, which does not lie deeper for each.
	static filter both(lanner_test_type test, const filter &one, const filter &other)
	{
		std::vector<filter> filters;

		if (one.its_->raw.test == test)
			filters = one.its_->filters;
		else
			filters.push_back(one);
		filters.push_back(other);
		return of(test, std::move(filters));
	}

	std::shared_ptr<const owned> its_;
};

/// The number as the C SDK's filters have it.
template <class Number>
lanner_number number_of(Number it)
{
	if constexpr (std::is_signed_v<Number>) {
		if (it < 0)
			return { true, ~static_cast<std::uint64_t>(it) };
	}
	return { false, static_cast<std::uint64_t>(it) };
}

/// A field that names a process, which itself cannot be compared: what it is like can, as `field::exec::image::exe`.
struct row_field {
	const char *name;
	std::size_t number;
};

/// A field, by its name and number.
struct any_field {
	const char *name;
	std::size_t number;

	/// It is there.
	filter known() const
	{
		return filter::test(LANNER_TEST_KNOWN, name, number, 0, [](filter::owned &) {});
	}
};

/// A field that holds a text.
struct text_field : any_field {
	constexpr text_field(const char *name, std::size_t number) : any_field{ name, number } {}

	/// It is one of these.
	filter equals(std::initializer_list<std::string_view> these) const { return texts(LANNER_TEST_EQUALS_TEXT, these); }
	/// It begins with one of these.
	filter starts_with(std::initializer_list<std::string_view> these) const { return texts(LANNER_TEST_STARTS_WITH, these); }
	/// It ends with one of these.
	filter ends_with(std::initializer_list<std::string_view> these) const { return texts(LANNER_TEST_ENDS_WITH, these); }
	/// It has one of these somewhere in it.
	filter contains(std::initializer_list<std::string_view> these) const { return texts(LANNER_TEST_CONTAINS, these); }
	/// It is in the set, which has no globs and stays as long as the filter: a host compares no globs.
	filter in(const set &its) const
	{
		return filter::test(LANNER_TEST_SET, name, number, 1, [&](filter::owned &made) { made.raw.is.set = its.raw(); });
	}

private:
	filter texts(lanner_test_type test, std::initializer_list<std::string_view> these) const
	{
		return filter::test(test, name, number, these.size(), [&](filter::owned &made) { made.keep_texts(these); });
	}
};

/// A field that holds a number.
struct number_field : any_field {
	constexpr number_field(const char *name, std::size_t number) : any_field{ name, number } {}

	/// It is one of these.
	template <class Number>
	filter equals(std::initializer_list<Number> these) const
	{
		return filter::test(LANNER_TEST_EQUALS_NUMBER, name, number, these.size(), [&](filter::owned &made) {
			for (Number it : these)
				made.numbers.push_back(number_of(it));
			made.raw.is.numbers = made.numbers.data();
		});
	}
	/// It lies between these two, both included.
	template <class From, class To>
	filter between(From from, To to) const
	{
		return filter::test(LANNER_TEST_BETWEEN, name, number, 1, [&](filter::owned &made) {
			made.numbers = { number_of(from), number_of(to) };
			made.raw.is.numbers = made.numbers.data();
		});
	}
	/// At least one of these bits is set.
	filter any_bits(std::uint64_t bits) const { return these_bits(LANNER_TEST_ANY_BITS, bits); }
	/// All of these bits are set.
	filter all_bits(std::uint64_t bits) const { return these_bits(LANNER_TEST_ALL_BITS, bits); }
	/// None of these bits is set.
	filter no_bits(std::uint64_t bits) const { return these_bits(LANNER_TEST_NO_BITS, bits); }

private:
	filter these_bits(lanner_test_type test, std::uint64_t bits) const
	{
		return filter::test(test, name, number, 1, [&](filter::owned &made) { made.raw.is.bits = bits; });
	}
};

/// A field that holds yes or no.
struct bool_field : any_field {
	constexpr bool_field(const char *name, std::size_t number) : any_field{ name, number } {}

	/// It is known to be so.
	filter equals(bool yes) const
	{
		return filter::test(LANNER_TEST_EQUALS_BOOL, name, number, 1, [&](filter::owned &made) { made.raw.is.yes = yes; });
	}
};

/// A field that holds an address.
struct address_field : any_field {
	constexpr address_field(const char *name, std::size_t number) : any_field{ name, number } {}

	/// It is one of these, such as `192.0.2.1`.
	filter equals(std::initializer_list<std::string_view> these) const { return strings(LANNER_TEST_EQUALS_ADDRESS, these); }
	/// It lies in one of these networks, such as `10.0.0.0/8`.
	filter within(std::initializer_list<std::string_view> these) const { return strings(LANNER_TEST_WITHIN, these); }
	/// It lies in one of these networks, which stay as long as the filter.
	filter in(const networks &its) const
	{
		return filter::test(LANNER_TEST_NETWORKS, name, number, 1, [&](filter::owned &made) { made.raw.is.networks = its.raw(); });
	}

private:
	filter strings(lanner_test_type test, std::initializer_list<std::string_view> these) const
	{
		return filter::test(test, name, number, these.size(), [&](filter::owned &made) { made.keep_strings(these); });
	}
};

} // namespace lanner
