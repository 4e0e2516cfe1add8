// What the standard library says before it ends a pack goes to the host's log. Its own way of saying it needs files, which a pack has none of.
#include <lanner/print.hpp>

#if defined(_LIBCPP_VERSION)

_LIBCPP_BEGIN_NAMESPACE_STD

[[noreturn]] void __libcpp_verbose_abort(char const *format, ...) noexcept
{
	lanner::log(lanner::level::error, "the standard library: ", format);
	__builtin_trap();
}

_LIBCPP_END_NAMESPACE_STD

#endif
