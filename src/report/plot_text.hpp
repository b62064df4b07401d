// Texts and ticks of gnuplot scripts.
#pragma once

#include <string>
#include <string_view>

namespace urb {

/// In quotes, with what could end or change the string replaced.
[[nodiscard]] std::string quote(std::string_view text);

/// 1, 2 or 5 times a power of ten, at most six of which fill `span`.
[[nodiscard]] double tick_step(double span);

/// The ticks of a linear axis as gnuplot has them: `"0" 0, "500" 500`. With unit "s", `low` and
/// `high` are seconds.
[[nodiscard]] std::string linear_ticks(double low, double high, std::string_view unit);

/// The same of a logarithmic axis: powers of ten, and their 2 and 5 times where there are few;
/// those of a linear one where even these would be too few.
[[nodiscard]] std::string log_ticks(double low, double high, std::string_view unit);

/// "250 µs", "1.5 ms", "2 s".
[[nodiscard]] std::string format_seconds(double seconds);
/// "1500", "20 k", "3 M".
[[nodiscard]] std::string format_count(double count);

}  // namespace urb
