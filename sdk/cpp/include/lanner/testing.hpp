/// @file
/// Testing packs natively: events are made up, written as a real frame, filtered as the host would, and handled by the same code that
/// runs in the pack.
///
///     lanner::testing::pack_test<starter> test;
///     auto cat = test.process("/usr/bin/cat").child_of(test.process("/usr/sbin/nginx"));
///     auto found = test.feed(test.open("/etc/shadow").by(cat));
///     assert(found.at(0).message == "/usr/bin/cat read /etc/shadow");
///
/// What is made belongs to the test, and is gone when it ends. There is one test at a time.
#pragma once

#include <vector>

#include <lanner/testing.h>

#include "lanner.hpp"

namespace lanner::testing {

class made_container {
public:
	explicit made_container(lanner_made_container *raw) : raw_(raw) {}

	/// One more label.
	made_container label(const char *name, const char *value) const { return made_container(lanner_made_label(raw_, name, value)); }

	lanner_made_container *raw() const { return raw_; }

private:
	lanner_made_container *raw_;
};

/// A process: the image that its events come from. Copies are the same process.
class made_process {
public:
	explicit made_process(lanner_made_process *raw) : raw_(raw) {}

	/// The process that it was forked from.
	made_process child_of(made_process its) const { return made_process(lanner_made_child_of(raw_, its.raw_)); }
	/// The container that it runs in.
	made_process in(made_container its) const { return made_process(lanner_made_in(raw_, its.raw())); }
	/// Its arguments, the program's name first. Where nothing is said, there is only that.
	made_process args(std::vector<const char *> all) const
	{
		all.push_back(nullptr);
		return made_process(lanner_made_args(raw_, all.data()));
	}
	/// The kernel's short name; where nothing is said, the beginning of the executable's.
	made_process comm(const char *name) const { return made_process(lanner_made_comm(raw_, name)); }
	/// Real, effective and saved user id, and the user's name. Where nothing is said, 0 and root.
	made_process user(std::uint32_t uid, const char *name = nullptr) const { return made_process(lanner_made_user(raw_, uid, name)); }
	/// The same process after an exec of another executable.
	made_process after_exec(const char *exe) const { return made_process(lanner_made_after_exec(raw_, exe)); }

	/// Any field: `.set(field::process::login_uid, 1000)`.
	made_process set(number_field its, std::uint64_t number) const
	{
		return made_process(lanner_made_process_set_number(raw_, static_cast<unsigned>(its.number), number));
	}
	made_process set(text_field its, std::string_view bytes) const
	{
		return made_process(lanner_made_process_set_bytes(raw_, static_cast<unsigned>(its.number),
								  lanner_text_of_bytes(bytes.data(), bytes.size())));
	}
	/// The field is not known.
	made_process without(any_field its) const
	{
		return made_process(lanner_made_process_without(raw_, static_cast<unsigned>(its.number)));
	}

	std::uint64_t image() const { return lanner_made_image(raw_); }
	std::uint32_t pid() const { return lanner_made_pid(raw_); }
	lanner_made_process *raw() const { return raw_; }

private:
	lanner_made_process *raw_;
};

/// An event.
class made_event {
public:
	explicit made_event(lanner_made_event *raw) : raw_(raw) {}

	/// Who did it; where nothing is said, a process of which nothing is known but that it is root's.
	made_event by(made_process its) const { return made_event(lanner_made_by(raw_, its.raw())); }
	/// How long after the event before it, or the beginning of the test, ns. Where nothing is said, a millisecond.
	made_event later(std::uint64_t ns) const { return made_event(lanner_made_later(raw_, ns)); }
	/// It failed, with this errno.
	made_event failed(int errno_value) const { return made_event(lanner_made_failed(raw_, errno_value)); }
	/// It returned this.
	made_event returned(std::int64_t result) const { return made_event(lanner_made_returned(raw_, result)); }
	/// An open with these flags (open(2)); where nothing is said, it is for reading.
	made_event flags(std::uint32_t flags) const { return set(field::open::flags, flags); }
	/// An open, for reading.
	made_event read() const { return flags(0); }
	/// An open, for writing; the file is created where it is not there.
	made_event write() const { return flags(01 | 0100); }

	/// Any field of its kind: `.set(field::open::inode, 42)`. An address is written as people write it.
	template <class Number, std::enable_if_t<std::is_integral_v<Number>, int> = 0>
	made_event set(number_field its, Number number) const
	{
		return made_event(lanner_made_set_number(raw_, number_of(its), static_cast<std::uint64_t>(number)));
	}
	made_event set(bool_field its, bool yes) const { return made_event(lanner_made_set_number(raw_, number_of(its), yes)); }
	made_event set(text_field its, std::string_view bytes) const
	{
		return made_event(lanner_made_set_bytes(raw_, number_of(its), lanner_text_of_bytes(bytes.data(), bytes.size())));
	}
	made_event set(address_field its, std::string_view written) const
	{
		return made_event(lanner_made_set_address(raw_, number_of(its), std::string(written).c_str()));
	}
	/// A process that it names: `.set(field::signal::target_row, sshd)`.
	made_event set(row_field its, made_process process) const
	{
		return made_event(lanner_made_set_process(raw_, static_cast<unsigned>(its.number), process.raw()));
	}
	/// The field is not known.
	made_event without(any_field its) const { return made_event(lanner_made_without(raw_, number_of(its))); }

	lanner_made_event *raw() const { return raw_; }

private:
	static unsigned number_of(any_field its) { return static_cast<unsigned>(its.number); }

	lanner_made_event *raw_;
};

/// Makes what belongs to a test.
class maker {
public:
	explicit maker(lanner_test *test) : test_(test) {}

	/// A process that runs this executable, as root; where there is none, nothing is known of it.
	made_process process(const char *exe = nullptr) const { return made_process(lanner_make_process(test_, exe)); }
	/// A container with this id, of which nothing else is known but what of these is given.
	made_container container(const char *id, const char *name = nullptr, const char *image = nullptr) const
	{
		return made_container(lanner_make_container(test_, id, name, image));
	}
	/// An event of this kind that succeeded: numbers that every host gives are 0 and texts are empty, files are regular, and nothing else is
	/// known.
	made_event event(kind kind) const { return made_event(lanner_make_event(test_, static_cast<lanner_kind>(kind))); }
	/// A process began a program. What it was before is a fork of its parent.
	made_event exec(made_process image) const { return made_event(lanner_make_exec(test_, image.raw())); }
	/// A process was created, by its parent.
	made_event fork(made_process child) const { return made_event(lanner_make_fork(test_, child.raw())); }
	/// A TCP socket was connected to an address and port, such as `192.0.2.1:443` or `[2001:db8::1]:443`.
	made_event connect(const char *peer) const { return made_event(lanner_make_connect(test_, peer)); }
	/// A unix socket was connected.
	made_event connect_unix(const char *path) const { return made_event(lanner_make_connect_unix(test_, path)); }

#include "testing_kinds.hpp"

private:
	lanner_test *test_;
};

/// A fact, as it is shown: a path escaped, an address as people write it, a list in brackets.
struct found_fact {
	std::string name;
	/// `text`, `path`, `number`, `float`, `bool`, `address`, `process` or `list`.
	std::string type;
	std::string shown;
	/// A text or a path as it is.
	std::string bytes;
};

/// What a rule raised.
struct found {
	/// The rule's id.
	std::string rule;
	std::string message;
	/// The finding's, or where it has none the rule's.
	lanner::severity severity;
	std::optional<std::string> key;
	/// Sequence numbers of the events behind it; the first event that was fed has 1.
	std::vector<std::uint64_t> events;
	/// Image id of the process it is about, where that was said; otherwise 0.
	std::uint64_t process;
	std::vector<found_fact> facts;

	/// The fact of this name, as it is shown; nothing where there is none.
	std::optional<std::string> fact(std::string_view name) const
	{
		for (const found_fact &it : facts) {
			if (it.name == name)
				return it.shown;
		}
		return std::nullopt;
	}

	static found of(const lanner_found &raw)
	{
		found made{ raw.rule, raw.message, static_cast<lanner::severity>(raw.severity), std::nullopt,
			    { raw.events, raw.events + raw.events_count }, raw.process, {} };

		if (raw.key)
			made.key = raw.key;
		for (std::size_t at = 0; at < raw.facts_count; at++) {
			const lanner_found_fact &fact = raw.facts[at];

			made.facts.push_back({ fact.name, fact.type, fact.shown, text(fact.bytes).str() });
		}
		return made;
	}
};

/// A test's settings and such.
struct options {
	/// As people write them: `{ "private=true", "trusted=sshd,login" }`.
	std::vector<std::string> settings;
	/// Ids of rules that are switched off.
	std::vector<std::string> off;
	/// A configuration as it travels, instead of both.
	std::optional<std::string> configuration;
};

/// A pack under test, of any class.
class any_pack_test : public maker {
public:
	~any_pack_test() { lanner_test_end(test_); }
	any_pack_test(const any_pack_test &) = delete;
	any_pack_test &operator=(const any_pack_test &) = delete;

	/// Lets an event happen; gives what was raised.
	std::vector<found> feed(made_event event)
	{
		lanner_test_feed(test_, event.raw());
		return all();
	}

	/// Lets events happen, one after the other, in as few batches as may be.
	std::vector<found> feed(const std::vector<made_event> &events)
	{
		std::vector<lanner_made_event *> raws;

		for (made_event event : events)
			raws.push_back(event.raw());
		lanner_test_feed_all(test_, raws.data(), raws.size());
		return all();
	}

	/// Judges a frame that was made elsewhere, as a host hands it over.
	std::vector<found> judge(std::string_view frame)
	{
		lanner_test_judge(test_, frame.data(), frame.size());
		return all();
	}

	/// Lets time go by, ns.
	std::vector<found> wait(std::uint64_t ns)
	{
		lanner_test_wait(test_, ns);
		return all();
	}

	/// What the pack saves now.
	std::string save() { return text(lanner_test_save(test_)).str(); }

	/// Leaves it to the pack to compare events with its filters, as an older host does. Otherwise it is told what passes.
	void leave_filtering() { lanner_test_leave_filtering(test_); }

protected:
	any_pack_test(const lanner_pack *pack, const options &options) : any_pack_test(begin(pack, options)) {}

	lanner_test *test() const { return test_; }

private:
	explicit any_pack_test(lanner_test *test) : maker(test), test_(test) {}

	static std::vector<const char *> raw(const std::vector<std::string> &strings)
	{
		std::vector<const char *> raws;

		for (const std::string &it : strings)
			raws.push_back(it.c_str());
		raws.push_back(nullptr);
		return raws;
	}

	static lanner_test *begin(const lanner_pack *pack, const options &options)
	{
		if (options.configuration)
			return lanner_test_new_configured(pack, text(*options.configuration).raw());
		return lanner_test_new_with(pack, raw(options.settings).data(), raw(options.off).data());
	}

	std::vector<found> all() const
	{
		std::vector<found> all;

		for (std::size_t number = 0; number < lanner_test_count(test_); number++)
			all.push_back(found::of(*lanner_test_found(test_, number)));
		return all;
	}

	lanner_test *test_;
};

/// Has the pack before the test, which needs it.
template <class Pack>
struct owns_pack {
	std::unique_ptr<Pack> pack = std::make_unique<Pack>();
};

/// A pack of this class that has just been loaded.
template <class Pack>
class pack_test : private owns_pack<Pack>, public any_pack_test {
public:
	explicit pack_test(const options &options = {}) : any_pack_test(owns_pack<Pack>::pack->raw(), options) {}

	/// The pack itself.
	Pack &its() { return *owns_pack<Pack>::pack; }

	/// Loads the pack anew, and has it take over a state. Gives why it does not, in a sentence.
	std::optional<std::string> restore(std::string_view state, const char *version)
	{
		auto fresh = std::make_unique<Pack>();
		const char *wrong = lanner_test_restore_as(test(), fresh->raw(), text(state).raw(), version);
		std::optional<std::string> sentence = wrong ? std::optional<std::string>(wrong) : std::nullopt;

		owns_pack<Pack>::pack = std::move(fresh);
		return sentence;
	}

	/// Reloads the pack with what it saves, as the host would with another version of it. Gives why it does not take that.
	std::optional<std::string> reload() { return restore(save(), its().raw()->version); }
};

/// What a host would say against a pack of this class; nothing where it would take it.
template <class Pack>
std::optional<std::string> refusal()
{
	Pack pack;
	const char *refusal = lanner_test_refusal(pack.raw());

	return refusal ? std::optional<std::string>(refusal) : std::nullopt;
}

} // namespace lanner::testing
