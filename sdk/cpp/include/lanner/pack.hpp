/// @file
/// What a pack is: a class with rules, settings and what they remember.
#pragma once

#include <functional>
#include <utility>

#include "cbor.hpp"
#include "print.hpp"

namespace lanner {

/// How bad a finding is.
enum class severity { medium = LANNER_MEDIUM, info = LANNER_INFO, low = LANNER_LOW, high = LANNER_HIGH, critical = LANNER_CRITICAL };

/// A finding in the making. It is raised when the handler returns, or begins another one.
class finding {
public:
	explicit finding(lanner_finding *raw) : raw_(raw) {}

	/// Adds a fact, as what it is: a text of the kernel as a path, a string as a text, a number, yes or no, an address, a process. Who stores
	/// findings can search and add up by it. What is not known is not added.
	template <class Fact>
	const finding &fact(const char *name, const Fact &it) const
	{
		lanner_add_fact(raw_, name, piece_of(it));
		return *this;
	}

	/// Adds a fact that is a text put together from parts.
	template <class... Parts>
	const finding &text(const char *name, const Parts &...parts) const
	{
		const lanner_piece pieces[] = { piece_of(parts)... };

		lanner_add_text(raw_, name, pieces, sizeof...(Parts));
		return *this;
	}

	/// Adds a fact that is a list of facts.
	template <class Facts>
	const finding &list(const char *name, const Facts &facts) const
	{
		std::vector<lanner_piece> pieces;

		for (const auto &it : facts)
			pieces.push_back(piece_of(it));
		lanner_add_list(raw_, name, pieces.data(), pieces.size());
		return *this;
	}

	/// What it is about, such as a path: findings of the rule with the same key are about the same thing, and may be shown as one.
	template <class... Parts>
	const finding &key(const Parts &...parts) const
	{
		const lanner_piece pieces[] = { piece_of(parts)... };

		lanner_set_key(raw_, pieces, sizeof...(Parts));
		return *this;
	}

	/// Adds an earlier event that is behind it, by its sequence number.
	const finding &because_of(std::uint64_t seq) const
	{
		lanner_because_of(raw_, seq);
		return *this;
	}

	/// Is worse, or less bad, than the rule's findings are.
	const finding &severity(lanner::severity its) const
	{
		lanner_set_severity(raw_, static_cast<lanner_severity>(its));
		return *this;
	}

	/// Is about this process. Otherwise it is the one of the newest event: for an exec the image that begins.
	const finding &about(process its) const
	{
		lanner_about(raw_, its.raw());
		return *this;
	}

	/// Is about a process of an earlier event, or in a tick of any: by its `image()`, which the pack kept.
	const finding &about_image(std::uint64_t image) const
	{
		lanner_about_image(raw_, image);
		return *this;
	}

private:
	lanner_finding *raw_;
};

/// Where a handler raises findings.
class out {
public:
	explicit out(lanner_out *raw) : raw_(raw) {}

	/// Begins a finding: what happened, in one line for a person, put together from parts: `out.raise(exe, " read ", path)`.
	template <class... Parts>
	finding raise(const Parts &...parts)
	{
		const lanner_piece pieces[] = { piece_of(parts)... };

		return finding(lanner_raise_pieces(raw_, pieces, sizeof...(Parts)));
	}

private:
	lanner_out *raw_;
};

/// What the people who run the host set; where they did not, the defaults. A setting that the pack has not, or of another type, ends the
/// pack: a mistake that its first test finds.
class settings {
public:
	explicit settings(const lanner_settings *raw) : raw_(raw) {}

	std::string text(const char *name) const { return lanner::text(lanner_settings_text(raw_, name)).str(); }
	std::int64_t number(const char *name) const { return lanner_settings_number(raw_, name); }
	bool boolean(const char *name) const { return lanner_settings_bool(raw_, name); }
	std::vector<std::string> texts(const char *name) const
	{
		lanner_texts all = lanner_settings_texts(raw_, name);
		std::vector<std::string> texts;

		for (std::size_t at = 0; at < all.count; at++)
			texts.push_back(lanner::text(all.at[at]).str());
		return texts;
	}

private:
	const lanner_settings *raw_;
};

namespace detail {

/// A function of a rule, whatever it is.
struct callable {
	virtual ~callable() = default;
};

template <class Function>
struct callable_of final : callable {
	explicit callable_of(Function its) : function(std::move(its)) {}
	Function function;
};

struct rule {
	std::string id, summary;
	lanner_severity severity = LANNER_MEDIUM;
	string_list attack;
	std::vector<std::pair<std::string, std::string>> properties;
	std::vector<lanner_property> raw_properties;
	std::vector<lanner_handler> handlers;
	std::vector<std::unique_ptr<callable>> functions;
	std::vector<std::unique_ptr<std::vector<std::uint8_t>>> kinds;
	std::vector<filter> filters;
	lanner_on_tick *on_tick = nullptr;
	void *context = nullptr;
};

struct setting {
	std::string name, summary;
	lanner_setting_type type = LANNER_SETTING_OF_TEXT;
	std::string text;
	string_list texts, choices;
	std::int64_t number = 0, least = INT64_MIN, most = INT64_MAX;
	bool yes = false;
};

} // namespace detail

/// A rule that is being added. Handlers are given an event of their kind, and where findings go; a rule may have several.
class rule_builder {
public:
	explicit rule_builder(detail::rule *its) : its_(its) {}

	/// One line that says what it means when this rule raises a finding.
	rule_builder &summary(std::string summary)
	{
		its_->summary = std::move(summary);
		return *this;
	}

	/// How bad its findings are; medium where nothing is said.
	rule_builder &severity(lanner::severity severity)
	{
		its_->severity = static_cast<lanner_severity>(severity);
		return *this;
	}

	/// A MITRE ATT&CK technique that it detects, such as `T1003.008`. May be said several times.
	rule_builder &attack(std::string technique)
	{
		its_->attack.add(std::move(technique));
		return *this;
	}

	/// Anything else worth saying. May be said several times.
	rule_builder &property(std::string name, std::string value)
	{
		its_->properties.emplace_back(std::move(name), std::move(value));
		return *this;
	}

	/// Narrows what the handlers that follow see. Said several times, all must pass.
	rule_builder &only(const filter &filter)
	{
		only_ = only_ ? *only_ && filter : filter;
		return *this;
	}

	/// Drops the filters for the handlers that follow.
	rule_builder &unfiltered()
	{
		only_.reset();
		return *this;
	}

	/// Handles events of a kind, which the function's first argument says: `.on([this](const open_event &e, out &out) { … })`.
	template <class Function>
	rule_builder &on(Function function)
	{
		return on_event(std::move(function), &Function::operator());
	}

	/// Handles events of several kinds: `.on_any({ kind::rename, kind::link }, [this](const event &e, out &out) { … })`.
	template <class Function>
	rule_builder &on_any(std::initializer_list<kind> kinds, Function function)
	{
		return add<event>(kinds, std::move(function));
	}

	/// Is called at every full second of event time, between two batches: with that time, ns since 1970 (UTC).
	template <class Function>
	rule_builder &on_tick(Function function)
	{
		its_->context = keep(std::move(function));
		its_->on_tick = [](std::uint64_t now, lanner_out *raw) {
			out out(raw);

			(*static_cast<Function *>(lanner_context(raw)))(now, out);
		};
		return *this;
	}

private:
	template <class Function, class Event>
	rule_builder &on_event(Function function, void (Function::*)(const Event &, out &) const)
	{
		return add<Event>({ Event::its_kind }, std::move(function));
	}

	template <class Function, class Event>
	rule_builder &on_event(Function function, void (Function::*)(const Event &, out &))
	{
		return add<Event>({ Event::its_kind }, std::move(function));
	}

	template <class Function>
	Function *keep(Function function)
	{
		auto kept = std::make_unique<detail::callable_of<Function>>(std::move(function));
		Function *its = &kept->function;

		its_->functions.push_back(std::move(kept));
		return its;
	}

	template <class Event, class Function>
	rule_builder &add(std::initializer_list<kind> kinds, Function function)
	{
		auto numbers = std::make_unique<std::vector<std::uint8_t>>();
		lanner_handler handler = {};

		for (kind it : kinds)
			numbers->push_back(static_cast<std::uint8_t>(it));
		numbers->push_back(0);
		handler.on = numbers->data();
		handler.only = only_ ? only_->raw() : nullptr;
		handler.context = keep(std::move(function));
		handler.run = [](const lanner_event *raw, lanner_out *raw_out) {
			out out(raw_out);

			(*static_cast<Function *>(lanner_context(raw_out)))(Event(raw), out);
		};
		its_->kinds.push_back(std::move(numbers));
		if (only_)
			its_->filters.push_back(*only_);
		its_->handlers.push_back(handler);
		return *this;
	}

	detail::rule *its_;
	std::optional<filter> only_;
};

/// A setting that is being added.
class setting_builder {
public:
	explicit setting_builder(detail::setting *its) : its_(its) {}

	/// Takes any text.
	void text(std::string by_default)
	{
		its_->type = LANNER_SETTING_OF_TEXT;
		its_->text = std::move(by_default);
	}

	/// Takes one of these texts.
	void one_of(std::initializer_list<const char *> choices, std::string by_default)
	{
		its_->type = LANNER_SETTING_OF_CHOICES;
		its_->text = std::move(by_default);
		for (const char *choice : choices)
			its_->choices.add(choice);
	}

	/// Takes texts, any number of them.
	void texts(std::initializer_list<const char *> by_default)
	{
		its_->type = LANNER_SETTING_OF_TEXTS;
		for (const char *it : by_default)
			its_->texts.add(it);
	}

	/// Takes a whole number from one to another, both included.
	void number(std::int64_t least, std::int64_t most, std::int64_t by_default)
	{
		its_->type = LANNER_SETTING_OF_NUMBER;
		its_->least = least;
		its_->most = most;
		its_->number = by_default;
	}

	/// Takes yes or no.
	void boolean(bool by_default)
	{
		its_->type = LANNER_SETTING_OF_BOOL;
		its_->yes = by_default;
	}

private:
	detail::setting *its_;
};

/// Rules that travel together, and their state: the members of a class of this one. Its constructor adds rules and settings. `LANNER_PACK(type)`
/// makes it the pack; each test has one of its own.
class pack {
public:
	/// Lower-case words and `-`, a version (semver), and what it is for in one line.
	pack(std::string name, std::string version, std::string summary);
	virtual ~pack() = default;
	pack(const pack &) = delete;
	pack &operator=(const pack &) = delete;

	/// Takes the settings, before the first event. Gives a sentence where they make no sense together: the pack is not loaded then.
	virtual std::optional<std::string> configure(const settings &) { return std::nullopt; }

	/// Writes what the next version shall start from; nothing, where there is nothing to keep.
	virtual void save(writer &) const {}

	/// Takes over what `version` of the pack saved. Not called where it saved nothing. Gives a sentence where it cannot be used: the old version
	/// keeps running then, as also where what was read is not what was asked for.
	virtual std::optional<std::string> restore(reader &, std::string_view version)
	{
		(void)version;
		return std::nullopt;
	}

	/// As it is in the C SDK, which calls this one: there is one pack at a time.
	const lanner_pack *raw();

protected:
	/// Adds a rule. The id is unique among all packs that a host runs: lower-case words, `-` and one `/`, such as
	/// `credential-access/shadow-read`.
	rule_builder rule(std::string id);

	/// Adds something that can be set: lower-case words and `-`, and one line that says what it does.
	setting_builder setting(std::string name, std::string summary);

	/// Anything else worth saying.
	void property(std::string name, std::string value) { properties_.emplace_back(std::move(name), std::move(value)); }

private:
	std::string name_, version_, summary_;
	std::vector<std::unique_ptr<detail::rule>> rules_;
	std::vector<std::unique_ptr<detail::setting>> settings_;
	std::vector<std::pair<std::string, std::string>> properties_;
	std::vector<lanner_rule> raw_rules_;
	std::vector<lanner_setting> raw_settings_;
	std::vector<lanner_property> raw_properties_;
	lanner_pack raw_ = {};
};

} // namespace lanner

/// Makes a class the pack; once in all sources.
#define LANNER_PACK(type)                                                                                              \
	std::unique_ptr<lanner::pack> lanner_make_pack()                                                               \
	{                                                                                                              \
		return std::make_unique<type>();                                                                       \
	}                                                                                                              \
	static_assert(std::is_base_of_v<lanner::pack, type>, "a pack is a class of lanner::pack")

/// The pack of the sources, new.
std::unique_ptr<lanner::pack> lanner_make_pack();
