/// @file
/// What the fields of events hold: texts, addresses, lists, processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <lanner/lanner.h>

namespace lanner {

enum class kind : std::uint8_t;
class container;
class event;
class label;
class process;

/// A number or a truth that may not be known.
template <class Known>
auto known(const Known &it) -> std::optional<decltype(it.value)>
{
	using value = std::remove_const_t<decltype(it.value)>;

	return it.known ? std::optional<value>(it.value) : std::nullopt;
}

/// A text of the kernel: bytes, most often UTF-8, never certainly.
///
/// It may be unknown, which is not the same as empty: an unknown text equals no other, and nothing is in it. As a part of a message it is
/// safe to print: what acts on a terminal is escaped. A text lies in the frame: `str()` copies what has to outlive the handler.
class text {
public:
	text() = default;
	explicit text(lanner_text raw) : raw_(raw) {}
	text(std::string_view bytes) : raw_(lanner_text_of_bytes(bytes.data(), bytes.size())) {}
	text(const char *string) : raw_(lanner_text_of(string)) {}
	text(const std::string &string) : text(std::string_view(string)) {}

	/// Whether it is known.
	bool is_known() const { return raw_.data != nullptr; }

	/// The bytes, where it is known.
	std::optional<std::string_view> known() const
	{
		return is_known() ? std::optional<std::string_view>(view()) : std::nullopt;
	}

	/// The bytes; none where it is unknown.
	std::string_view view() const { return { raw_.data ? raw_.data : "", raw_.size }; }

	/// A copy of the bytes.
	std::string str() const { return std::string(view()); }

	/// Whether nothing is in it, as also where it is unknown.
	bool empty() const { return raw_.size == 0; }
	std::size_t size() const { return raw_.size; }

	bool starts_with(text prefix) const { return lanner_text_starts_with(raw_, prefix.raw_); }
	bool ends_with(text suffix) const { return lanner_text_ends_with(raw_, suffix.raw_); }
	/// Whether `part` is anywhere in it. What is empty is in every text that is known.
	bool contains(text part) const { return lanner_text_contains(raw_, part.raw_); }

	/// Whether it is one of these.
	template <class... Texts>
	bool is_one_of(const Texts &...these) const
	{
		return (lanner_text_equals(raw_, text(these).raw_) || ...);
	}

	/// As a path: what follows the last `/`.
	text file_name() const { return text(lanner_file_name(raw_)); }
	/// As a path: what stands before the last `/`; `/` for what lies at the top, empty where there is no `/`.
	text directory() const { return text(lanner_directory(raw_)); }
	/// As a path: whether it lies below `folder`, at any depth. A path is not below itself, and `/etc/cron.daily` not below
	/// `/etc/cron`.
	bool is_under(text folder) const { return lanner_text_is_under(raw_, folder.raw_); }

	/// As it is shown: what is not UTF-8 as U+FFFD, what acts on a terminal escaped.
	std::string shown() const;
	/// The same in quotes, with a backslash before quotes and backslashes.
	std::string quoted() const;
	/// As it is, but for what is not UTF-8, which becomes U+FFFD. Nothing is escaped.
	std::string lossy() const;

	friend bool operator==(text one, text other) { return lanner_text_equals(one.raw_, other.raw_); }
	friend bool operator!=(text one, text other) { return !(one == other); }

	lanner_text raw() const { return raw_; }

private:
	lanner_text raw_ = { nullptr, 0 };
};

/// An internet address. IPv4 addresses are IPv4-mapped IPv6 addresses.
class address {
public:
	/// One that is known.
	static std::optional<address> of(lanner_address raw)
	{
		return raw.known ? std::optional<address>(address(raw)) : std::nullopt;
	}

	/// Reads `192.0.2.1` or `2001:db8::1`; nothing where it is none.
	static std::optional<address> parse(const std::string &written) { return of(lanner_address_parse(written.c_str())); }

	bool is_v4() const { return lanner_address_is_v4(raw_); }
	/// Whether it is one of the internet at large: not private, shared, loopback, link-local, multicast, for documentation or
	/// benchmarks, or reserved (the special-purpose registries of IANA).
	bool is_public() const { return lanner_address_is_public(raw_); }

	/// As people write it, IPv6 as RFC 5952 says.
	std::string str() const
	{
		char written[LANNER_ADDRESS_SIZE];

		return std::string(written, lanner_address_write(raw_, written));
	}

	friend bool operator==(const address &one, const address &other) { return lanner_address_equals(one.raw_, other.raw_); }
	friend bool operator!=(const address &one, const address &other) { return !(one == other); }

	const lanner_address &raw() const { return raw_; }

private:
	explicit address(lanner_address raw) : raw_(raw) {}

	lanner_address raw_;
};

/// Records of another section that a record has: `for (auto label : container.labels())`.
template <class Item>
class list {
public:
	explicit list(lanner_list raw) : raw_(raw) {}

	bool is_known() const { return raw_.known; }
	std::uint32_t size() const { return raw_.rows.count; }
	/// The one of this place, which is less than `size()`.
	Item operator[](std::uint32_t place) const { return Item(typename Item::raw_type{ lanner_list_row(&raw_, place) }); }

	class iterator {
	public:
		iterator(const list &of, std::uint32_t place) : of_(&of), place_(place) {}
		Item operator*() const { return (*of_)[place_]; }
		iterator &operator++()
		{
			place_++;
			return *this;
		}
		bool operator!=(const iterator &other) const { return place_ != other.place_; }

	private:
		const list *of_;
		std::uint32_t place_;
	};

	iterator begin() const { return iterator(*this, 0); }
	iterator end() const { return iterator(*this, size()); }

	/// Of labels: the value of the one of this name; unknown where there is none.
	text find(const char *name) const { return text(lanner_labels_find(raw_, name)); }

private:
	lanner_list raw_;
};

/// A record of the C SDK.
template <class Raw>
class of_record {
public:
	using raw_type = Raw;
	explicit of_record(Raw raw) : raw_(raw) {}

	/// Whether the frame has it. Of one that it does not have, nothing is known.
	bool is_known() const { return raw_.record.size > 0; }
	explicit operator bool() const { return is_known(); }
	Raw raw() const { return raw_; }

private:
	Raw raw_;
};

using container_questions = of_record<lanner_container>;
using label_questions = of_record<lanner_label>;
using container_mount_questions = of_record<lanner_container_mount>;

/// Texts of which each is ended by a NUL: `for (auto arg : process.args())`.
class strings {
public:
	explicit strings(lanner_text all, const char *entry = nullptr) : all_(all), entry_(entry) {}

	class iterator {
	public:
		iterator() : done_(true) {}
		iterator(lanner_text all, const char *entry) : left_{ all }, entry_(entry) { ++*this; }
		text operator*() const { return text(it_); }
		iterator &operator++()
		{
			done_ = entry_ ? !lanner_next_env(&left_, entry_, &it_) : !lanner_next_string(&left_, &it_);
			return *this;
		}
		bool operator!=(const iterator &other) const { return done_ != other.done_; }

	private:
		lanner_strings left_ = {};
		const char *entry_ = nullptr;
		lanner_text it_ = {};
		bool done_ = false;
	};

	iterator begin() const { return iterator(all_, entry_); }
	iterator end() const { return iterator(); }

private:
	lanner_text all_;
	const char *entry_;
};

/// The arguments of a process in one line: a part of messages.
class command_line {
public:
	explicit command_line(lanner_command_line raw) : raw_(raw) {}
	std::string str() const;
	lanner_command_line raw() const { return raw_; }

private:
	lanner_command_line raw_;
};

/// What rules ask of a process, beyond its bare fields.
class process_questions : public of_record<lanner_process> {
public:
	using of_record::of_record;

	/// The image that it was forked from; one of which nothing is known, where that is not known.
	lanner::process parent() const;

	class ancestor_range;
	/// Its parent, the parent's parent, and so on: `for (auto ancestor : process.ancestors())`.
	ancestor_range ancestors() const;

	/// The container that it runs in; one of which nothing is known on the host itself, and where that is not known.
	lanner::container container() const;

	/// What it is called: the file name of its executable, or where there is none the kernel's short name.
	text name() const { return text(lanner_process_name(raw())); }
	/// Its executable's path; where that is not known the kernel's short name: what a message calls it by.
	text exe_or_comm() const { return text(lanner_process_exe_or_comm(raw())); }

	/// The arguments, the program's name first.
	strings args() const { return strings(lanner_process_argv(raw())); }
	/// The argument of this number, from 0; unknown where there is none.
	text arg(unsigned number) const { return text(lanner_process_arg(raw(), number)); }
	/// The arguments in one line.
	lanner::command_line command_line() const { return lanner::command_line(lanner_process_command_line(raw())); }

	/// What an entry of the environment is set to that the image began with. Unknown where it is not set, and where no filter asks
	/// for it by its name: there are secrets among the others.
	text env(const char *name) const { return text(lanner_process_env(raw(), name)); }
	/// The same of each entry of that name: programs take the first (getenv), others the last, as the dynamic linker does.
	strings envs(const char *name) const { return strings(lanner_process_environment(raw()), name); }

	/// Whether it acts as root.
	bool is_root() const { return lanner_process_is_root(raw()); }
	/// Whether the executable lies on the upper layer of an overlay: it was written after the container began.
	bool is_upper() const { return lanner_process_is_upper(raw()); }
	/// Whether the executable is an anonymous memory file.
	bool is_memfd() const { return lanner_process_is_memfd(raw()); }
	/// Whether the executable had been deleted when it was run.
	bool is_deleted() const { return lanner_process_is_deleted(raw()); }
	/// Whether the executable is setuid or setgid.
	bool is_setuid() const { return lanner_process_is_setuid(raw()); }
	/// Whether the executable is writable by its group or by everybody.
	bool is_writable() const { return lanner_process_is_writable(raw()); }
	/// Whether not all of it is known: its exec was lost or came before the host.
	bool is_partial() const { return lanner_process_is_partial(raw()); }
	/// Whether it is a thread of the kernel.
	bool is_kernel_thread() const { return lanner_process_is_kernel_thread(raw()); }
	/// Whether the host's own self-test started it.
	bool is_self_test() const { return lanner_process_is_self_test(raw()); }
	/// Whether the executable is what its path says, as far as the kernel tells: ask this of a process before you trust it by its path,
	/// which alone can be forged. What is not known does not count against it.
	bool exe_is_genuine() const { return lanner_process_exe_is_genuine(raw()); }
};

/// What rules ask of any event, beyond its bare fields.
class event_questions {
public:
	explicit event_questions(const lanner_event *raw) : raw_(raw) {}

	/// The kind, where this SDK knows it.
	std::optional<lanner::kind> kind() const
	{
		return lanner_kind_name(raw_->kind) ? std::optional(static_cast<lanner::kind>(raw_->kind)) : std::nullopt;
	}

	/// The event as one of a kind, where it is one: `if (auto rename = event.as<rename_event>())`.
	template <class Event>
	std::optional<Event> as() const
	{
		if (raw_->kind != static_cast<unsigned>(Event::its_kind))
			return std::nullopt;
		return Event(raw_);
	}

	/// The image that did it, as it was before the event.
	lanner::process process() const;
	/// The process that a finding about this event is about: for an exec the image that begins.
	lanner::process subject() const;

	/// Whether the call failed; `result` says how.
	bool failed() const { return lanner_event_failed(raw_); }
	/// Whether a text of it is longer than what was recorded.
	bool is_truncated() const { return lanner_event_is_truncated(raw_); }
	/// Whether something about it could not be read.
	bool is_partial() const { return lanner_event_is_partial(raw_); }
	/// Whether the path or address is what the caller passed, not what the kernel resolved: it could have changed meanwhile.
	bool is_unresolved() const { return lanner_event_is_unresolved(raw_); }
	/// Whether it was handed to io_uring, and what came of it is not known: its result says nothing.
	bool is_submitted() const { return lanner_event_is_submitted(raw_); }

	const lanner_event *raw() const { return raw_; }

private:
	const lanner_event *raw_;
};

} // namespace lanner
