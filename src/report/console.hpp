// The terminal: colours, and the one line of progress on stderr that is redrawn in place.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.hpp"
#include "report/tables.hpp"

namespace urb {

enum class ColorChoice : std::uint8_t { automatic, always, never };
/// "auto", "always", "never".
[[nodiscard]] std::string_view name_of(ColorChoice choice) noexcept;

/// `no_color` and `term` are the values of the environment variables NO_COLOR, which counts when it
/// is set and not empty, and TERM; an explicit choice beats both.
[[nodiscard]] bool wants_color(ColorChoice choice, bool is_terminal, const char* no_color,
                               const char* term) noexcept;
/// Whether a terminal of this TERM obeys escape sequences: "dumb" does not, none is unknown.
[[nodiscard]] bool knows_escapes(const char* term) noexcept;
/// The same for a stream and this process' environment.
[[nodiscard]] bool wants_color(ColorChoice choice, std::FILE* stream) noexcept;

/// Text for people. What cannot be written is no reason to end a command that has results to save:
/// main() says it at the end, from the error state of the stream.
void write_text(std::FILE* stream, std::string_view text) noexcept;
/// Brings it to where it goes, with the same patience.
void flush_text(std::FILE* stream) noexcept;
/// Why the first of these failed on standard output: an errno, 0 for none that is known.
[[nodiscard]] int stdout_error() noexcept;

/// Blocks as text, with an empty line between a table and what is next to it.
[[nodiscard]] std::string format_report(const Report& report, bool color);

/// What is running now.
struct Progress {
  std::size_t done = 0;  ///< trials that have ended
  std::size_t total = 0;
  std::string label;  ///< "socket 10MB reuse"
  double requests_per_s = 0;
  std::optional<Nanos> remaining;       ///< of the trials that are planned
  std::optional<Nanos> remaining_most;  ///< with all that a budget allows, if that is more
};

/// "[3/20] socket 10MB reuse  412 req/s  0:21 to 1:21 left", cut to `width` characters.
[[nodiscard]] std::string format_progress(const Progress& progress, std::size_t width);

/// Time left: that of the trials so far, or the planned one before the first has ended.
[[nodiscard]] Nanos estimate_remaining(std::size_t done, std::size_t total, Nanos elapsed,
                                       Nanos planned_per_trial) noexcept;

class ProgressLine {
 public:
  /// Draws only when stderr is a terminal that can be drawn on, and `is_wanted`.
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
