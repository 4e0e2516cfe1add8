/// @file
/// What gives processes and containers, now that they are known.
#pragma once

#include "generated.hpp"

namespace lanner {

class process_questions::ancestor_range {
public:
	explicit ancestor_range(lanner_process of) : of_(of) {}

	class iterator {
	public:
		iterator() : it_{} , done_(true) {}
		explicit iterator(lanner_process of) : left_(lanner_process_ancestors(of)), it_{} { ++*this; }
		lanner::process operator*() const { return lanner::process(it_); }
		iterator &operator++()
		{
			done_ = !lanner_next_ancestor(&left_, &it_);
			return *this;
		}
		bool operator!=(const iterator &other) const { return done_ != other.done_; }

	private:
		lanner_ancestors left_ = {};
		lanner_process it_;
		bool done_ = false;
	};

	iterator begin() const { return iterator(of_); }
	iterator end() const { return iterator(); }

private:
	lanner_process of_;
};

inline process_questions::ancestor_range process_questions::ancestors() const
{
	return ancestor_range(raw());
}

inline lanner::process process_questions::parent() const
{
	return lanner::process(lanner_process_parent(raw()));
}

inline lanner::container process_questions::container() const
{
	return lanner::container(lanner_process_container(raw()));
}

inline lanner::process event_questions::process() const
{
	return lanner::process(lanner_event_process(raw_));
}

inline lanner::process event_questions::subject() const
{
	return lanner::process(lanner_event_subject(raw_));
}

} // namespace lanner
