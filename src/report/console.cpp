// Escape sequences are written here and nowhere else.
#include "report/console.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "report/markdown.hpp"

namespace urb {
namespace {

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kYellow = "\033[33m";
constexpr std::string_view kPlain = "\033[0m";
constexpr std::string_view kEraseLine = "\r\033[K";

int first_stdout_error = 0;

void note_error(const std::FILE* stream) noexcept {
  if (stream == stdout && first_stdout_error == 0) first_stdout_error = errno;
}

std::string paint(std::string_view text, std::string_view color) {
  // The line end stays outside, so that a pager does not carry the colour over.
  const bool has_line_end = text.ends_with('\n');
  if (has_line_end) text.remove_suffix(1);
  return fmt::format("{}{}{}{}", color, text, kPlain, has_line_end ? "\n" : "");
}

std::string format_minutes(Nanos time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::size_t terminal_width() noexcept {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

bool knows_escapes(const char* term) noexcept {
  return term != nullptr && *term != '\0' && std::string_view{term} != "dumb";
}

std::string_view name_of(ColorChoice choice) noexcept {
  switch (choice) {
    case ColorChoice::always: return "always";
    case ColorChoice::never: return "never";
    case ColorChoice::automatic: break;
  }
  return "auto";
}

bool wants_color(ColorChoice choice, bool is_terminal, const char* no_color,
                 const char* term) noexcept {
  switch (choice) {
    case ColorChoice::always: return true;
    case ColorChoice::never: return false;
    case ColorChoice::automatic: break;
  }
  return is_terminal && knows_escapes(term) && (no_color == nullptr || *no_color == '\0');
}

bool wants_color(ColorChoice choice, std::FILE* stream) noexcept {
  return wants_color(choice, isatty(fileno(stream)) == 1, std::getenv("NO_COLOR"),
                     std::getenv("TERM"));
}

void write_text(std::FILE* stream, std::string_view text) noexcept {
  if (std::fwrite(text.data(), 1, text.size(), stream) == text.size()) return;
  note_error(stream);
}

void flush_text(std::FILE* stream) noexcept {
  if (std::fflush(stream) != 0) note_error(stream);
}

int stdout_error() noexcept { return first_stdout_error; }

std::string format_report(const Report& report, bool color) {
  std::string text;
  const Block* last = nullptr;
  for (const Block& block : report) {
    // Markdown wants an empty line around a table; warnings are a list.
    const bool is_list =
        last != nullptr && block.kind == Block::Kind::warning && last->kind == Block::Kind::warning;
    if (last != nullptr && !is_list) text += '\n';
    if (color && block.kind == Block::Kind::heading) {
      text += paint(block.text, kBold);
    } else if (color && block.kind == Block::Kind::warning) {
      text += paint(block.text, kYellow);
    } else {
      text += block.text;
    }
    last = &block;
  }
  return text;
}

std::string format_progress(const Progress& progress, std::size_t width) {
  std::string line = fmt::format("[{}/{}] {}", progress.done + 1, progress.total, progress.label);
  if (progress.requests_per_s > 0) line += fmt::format("  {:.0f} req/s", progress.requests_per_s);
  if (progress.remaining) {
    const std::string least = format_minutes(*progress.remaining);
    const std::string most = format_minutes(progress.remaining_most.value_or(*progress.remaining));
    line += fmt::format("  {}{} left", least, most == least ? "" : " to " + most);
  }
  // The text is ASCII, and the last column stays free: some terminals wrap when it is written.
  if (width > 0 && line.size() >= width) line.resize(width - 1);
  return line;
}

Nanos estimate_remaining(std::size_t done, std::size_t total, Nanos elapsed,
                         Nanos planned_per_trial) noexcept {
  const auto count = static_cast<Nanos::rep>(total - std::min(done, total));
  const Nanos per_trial = done == 0 ? planned_per_trial : elapsed / static_cast<Nanos::rep>(done);
  // Years of trials are nobody's plan, and still no overflow.
  if (count != 0 && per_trial > Nanos::max() / count) return Nanos::max();
  return per_trial * count;
}

ProgressLine::ProgressLine(bool is_wanted) noexcept
    : is_enabled_{is_wanted && isatty(STDERR_FILENO) == 1 && knows_escapes(std::getenv("TERM"))} {}

void ProgressLine::show(const Progress& progress) {
  if (!is_enabled_) return;
  // A terminal that has gone in the middle of a run ends the drawing, not the run.
  write_text(stderr, fmt::format("{}{}", kEraseLine, format_progress(progress, terminal_width())));
  std::fflush(stderr);
  is_drawn_ = true;
}

void ProgressLine::clear() noexcept {
  if (!is_drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  is_drawn_ = false;
}

}  // namespace urb
