// Defines what libfmt.so exports, for the static link, since some distributions ship no libfmt.a.
// Header-only fmt would do as well, but compiling each file would take more than twice as long.
#include <fmt/format-inl.h>

template fmt::detail::thousands_sep_result<char> fmt::detail::thousands_sep_impl<char>(
    fmt::detail::locale_ref);
template char fmt::detail::decimal_point_impl<char>(fmt::detail::locale_ref);
#if FMT_VERSION >= 100000 && FMT_VERSION < 110000
// format.h announces an instance of this template. Before it was none, and since 11 it is a
// function.
template void fmt::detail::vformat_to<char>(fmt::detail::buffer<char>&, fmt::string_view,
                                            fmt::format_args, fmt::detail::locale_ref);
#endif
