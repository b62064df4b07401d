// What libfmt.so exports, for the static link: some distributions ship no libfmt.a. Header-only fmt
// would do as well, but compiling each file would take more than twice as long.
#include <fmt/format-inl.h>

template fmt::detail::thousands_sep_result<char> fmt::detail::thousands_sep_impl<char>(
    fmt::detail::locale_ref);
template char fmt::detail::decimal_point_impl<char>(fmt::detail::locale_ref);
