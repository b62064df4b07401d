// The terminal: colours, and the one line of progress on stderr that is redrawn in place.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "base/units.hpp"
#include "report/tables.hpp"

namespace urb {

enum class ColorChoice : std::uint8_t { automatic, always, never };

/// `no_color` is the value of the environment variable NO_COLOR, which counts when it is set and
/// not empty; an explicit choice beats it.
[[nodiscard]] bool wants_color(ColorChoice choice, bool is_terminal, const char* no_color) noexcept;
/// The same for a stream and this process' environment.
[[nodiscard]] bool wants_color(ColorChoice choice, std::FILE* stream) noexcept;

/// Blocks as text, with an empty line between a table and what is next to it.
[[nodiscard]] std::string format_report(const Report& report, bool color);

/// What is running now.
struct Progress {
  std::size_t done = 0;  ///< trials that have ended
  std::size_t total = 0;
  std::string label;  ///< "socket 10MB reuse"
  double requests_per_s = 0;
  std::optional<Nanos> remaining;
};

/// "[3/20] socket 10MB reuse  412 req/s  0:21 left", cut to `width` characters.
[[nodiscard]] std::string format_progress(const Progress& progress, std::size_t width);

/// Time left: that of the trials so far, or the planned one before the first has ended.
[[nodiscard]] Nanos estimate_remaining(std::size_t done, std::size_t total, Nanos elapsed,
                                       Nanos planned_per_trial) noexcept;

class ProgressLine {
 public:
  /// Draws only when stderr is a terminal and `is_wanted`.
  explicit ProgressLine(bool is_wanted) noexcept;
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  void show(const Progress& progress);
  /// Leaves an empty line for other output.
  void clear() noexcept;

 private:
  bool is_enabled_;
  bool is_drawn_ = false;
};

}  // namespace urb
