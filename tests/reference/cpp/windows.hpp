// How many files each process opened lately.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>

#include <lanner/cbor.hpp>

class windows {
public:
	// Counts an open; gives the count where that is more than `burst` for the first time in its window.
	std::optional<std::uint64_t> opened(std::uint64_t process, std::uint64_t now, std::uint64_t burst)
	{
		auto there = by_process_.find(process);

		if (there == by_process_.end() || (now > there->second.start && now - there->second.start > length_ns)) {
			begin(process, { now, 1, false });
			// A burst is at least 1.
			return std::nullopt;
		}
		window &its = there->second;

		its.count++;
		if (its.reported || its.count <= burst)
			return std::nullopt;
		its.reported = true;
		return its.count;
	}

	// Writes them by start and process.
	void save(lanner::writer &writer) const
	{
		writer.map(1).key("windows").array(by_start_.size());
		for (const auto &[start, process] : by_start_) {
			const window &its = by_process_.at(process);

			writer.array(4).value(process).value(start).value(its.count).value(its.reported);
		}
	}

	// Reads what was saved, which the reader says is wrong where it is not that.
	void restore(lanner::reader &reader)
	{
		for (auto keys = reader.map(); keys.next();) {
			if (reader.string() != "windows") {
				reader.skip();
				continue;
			}
			for (auto all = reader.array(); all.next();)
				restore_one(reader);
		}
	}

private:
	struct window {
		std::uint64_t start, count;
		bool reported;
	};

	static constexpr std::uint64_t length_ns = 10'000'000'000;
	// Processes that are remembered.
	static constexpr std::size_t most = 1024;

	void begin(std::uint64_t process, window begun)
	{
		auto [there, is_new] = by_process_.try_emplace(process, begun);

		if (!is_new) {
			by_start_.erase({ there->second.start, process });
			there->second = begun;
		} else if (by_process_.size() > most) {
			// The one that began first is forgotten.
			by_process_.erase(by_start_.begin()->second);
			by_start_.erase(by_start_.begin());
		}
		by_start_.emplace(begun.start, process);
	}

	void restore_one(lanner::reader &reader)
	{
		std::uint64_t process = 0;
		window read = {};
		auto values = reader.array();
		auto next = [&](auto &value) {
			if (values.next())
				reader.value(value);
			else
				reader.fail();
		};

		next(process);
		next(read.start);
		next(read.count);
		next(read.reported);
		if (values.next())
			reader.fail();
		if (!reader.is_wrong())
			begin(process, read);
	}

	std::unordered_map<std::uint64_t, window> by_process_;
	// Each as start and process.
	std::set<std::pair<std::uint64_t, std::uint64_t>> by_start_;
};
