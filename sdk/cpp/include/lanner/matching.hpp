/// @file
/// Sets of texts and of networks, prepared once: whether a path is in one of them costs about as much for a hundred texts as for ten.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "values.hpp"

namespace lanner {

namespace detail {

/// Strings, as the C SDK takes them: a list that ends with a NULL.
class string_list {
public:
	void add(std::string string)
	{
		strings_.push_back(std::make_unique<std::string>(std::move(string)));
		if (!pointers_.empty())
			pointers_.pop_back();
		pointers_.push_back(strings_.back()->c_str());
		pointers_.push_back(nullptr);
	}

	bool empty() const { return strings_.empty(); }
	const std::vector<std::unique_ptr<std::string>> &all() const { return strings_; }
	const char *const *raw() const { return pointers_.empty() ? nullptr : pointers_.data(); }

private:
	// Each by itself, so that it stays where it is.
	std::vector<std::unique_ptr<std::string>> strings_;
	std::vector<const char *> pointers_;
};

} // namespace detail

/// Texts that other texts are compared with:
///
///     lanner::set secrets = lanner::set().equals({ "/etc/shadow" }).file_names({ "id_rsa" }).globs({ "/home/*/.aws/**" });
///
/// A text is in it where it passes any of its comparisons. Texts are compared as bytes; one that is not known is in no set. The time
/// of a look grows with the text and no faster.
class set {
public:
	set() : its_(std::make_unique<owned>()) {}

	/// It is one of these.
	set equals(std::initializer_list<const char *> texts) && { return add_all(LANNER_EQUAL, texts); }
	/// It begins with one of these. What lies below a folder begins with its name and a `/`.
	set starts_with(std::initializer_list<const char *> texts) && { return add_all(LANNER_BEGINNING, texts); }
	/// It ends with one of these.
	set ends_with(std::initializer_list<const char *> texts) && { return add_all(LANNER_ENDING, texts); }
	/// It has one of these somewhere in it.
	set contains(std::initializer_list<const char *> texts) && { return add_all(LANNER_PART, texts); }
	/// As a path, it is called so, in whatever folder.
	set file_names(std::initializer_list<const char *> texts) && { return add_all(LANNER_FILE_NAME, texts); }
	/// It has, as a whole, the form of one of these (lanner/matching.h says which there are). One that is none ends the pack when it is first
	/// asked.
	set globs(std::initializer_list<const char *> texts) && { return add_all(LANNER_GLOB, texts); }

	/// Adds a text that is known at run time only, such as one of a setting. Gives what is wrong with it: of a glob.
	std::optional<std::string> add(lanner_comparison comparison, const std::string &it)
	{
		const char *wrong = comparison == LANNER_GLOB ? lanner_glob_wrong(lanner_text_of_bytes(it.data(), it.size())) : nullptr;

		if (wrong)
			return wrong;
		its_->add(comparison, it);
		return std::nullopt;
	}

	/// Whether a text is in the set.
	bool has(text it) const { return lanner_set_has(&its_->raw, it.raw()); }

	/// Which of the set's texts it is that a text equals, begins with and so on, as it is written there; unknown where none is.
	text find(text it) const { return text(lanner_set_find(&its_->raw, it.raw())); }

	/// As it is in the C SDK, as long as the set is there.
	lanner_set *raw() const { return &its_->raw; }

private:
	struct owned {
		~owned() { lanner_set_clear(&raw); }

		void add(lanner_comparison comparison, std::string it)
		{
			// What was prepared is no longer all of it.
			lanner_set_clear(&raw);
			lists[comparison].add(std::move(it));
			raw.equals = lists[LANNER_EQUAL].raw();
			raw.starts_with = lists[LANNER_BEGINNING].raw();
			raw.ends_with = lists[LANNER_ENDING].raw();
			raw.contains = lists[LANNER_PART].raw();
			raw.file_names = lists[LANNER_FILE_NAME].raw();
			raw.globs = lists[LANNER_GLOB].raw();
		}

		detail::string_list lists[LANNER_COMPARISONS];
		lanner_set raw = {};
	};

	set add_all(lanner_comparison comparison, std::initializer_list<const char *> texts)
	{
		for (const char *it : texts)
			its_->add(comparison, it);
		return std::move(*this);
	}

	std::unique_ptr<owned> its_;
};

/// Networks in the notation of CIDR: `lanner::networks own({ "10.0.0.0/8", "fd00::/8" })`. IPv4 addresses are a part of the IPv6 ones,
/// `::ffff:0:0/96`. One that is none ends the pack when it is first asked.
class networks {
public:
	networks() : its_(std::make_unique<owned>()) {}
	networks(std::initializer_list<const char *> written) : networks()
	{
		for (const char *it : written)
			its_->list.add(it);
		its_->raw.networks = its_->list.raw();
	}

	/// Adds one that is known at run time only. Gives what is wrong with it.
	std::optional<std::string> add(const std::string &written)
	{
		lanner_networks probe = {};
		const char *wrong = lanner_networks_add(&probe, lanner_text_of_bytes(written.data(), written.size()));

		lanner_networks_clear(&probe);
		if (wrong)
			return wrong;
		lanner_networks_clear(&its_->raw);
		its_->list.add(written);
		its_->raw.networks = its_->list.raw();
		return std::nullopt;
	}

	/// Whether one of them has the address; none has one that is not known.
	bool have(const std::optional<address> &it) const { return it && lanner_networks_have(&its_->raw, it->raw()); }

	/// As they are in the C SDK, as long as they are there.
	lanner_networks *raw() const { return &its_->raw; }

private:
	struct owned {
		~owned() { lanner_networks_clear(&raw); }

		detail::string_list list;
		lanner_networks raw = {};
	};

	std::unique_ptr<owned> its_;
};

} // namespace lanner
