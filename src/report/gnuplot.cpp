// One process a picture: the script comes in as a file in memory, the SVG leaves through another,
// so that neither side waits for the other and nothing is left behind.
#include "report/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/refusal.hpp"
#include "base/text.hpp"
#include "report/html.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared

namespace urb {
namespace {

Fd make_memory_file(const char* name) {
  return Fd{Adopt{}, check_allowed(memfd_create(name, MFD_CLOEXEC), "memfd_create", {3, 17})};
}

void fill(const Fd& file, std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(
        static_cast<std::size_t>(check(write(file.get(), text.data(), text.size()), "write")));
  }
  check(lseek(file.get(), 0, SEEK_SET), "lseek");
}

std::string read_all(const Fd& file) {
  std::string text;
  std::array<char, 65536> piece{};
  for (ssize_t size = 0; (size = pread(file.get(), piece.data(), piece.size(),
                                       static_cast<off_t>(text.size()))) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

// GNUTERM names a terminal, GNUPLOT_LIB folders: the user's, who may have another gnuplot in mind.
std::vector<char*> environment_without_gnuplot() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    if (!text.starts_with("GNU") && !text.starts_with("GDFONTPATH=")) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

struct Ended {
  int status = 0;
  std::string out;
  std::string err;
};

// `-d`: without the user's own settings, which would show in the picture.
Ended run_gnuplot(std::string_view script) {
  const Fd in = make_memory_file("gnuplot-script");
  const Fd out = make_memory_file("gnuplot-picture");
  const Fd err = make_memory_file("gnuplot-messages");
  fill(in, script);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
  std::string program = "gnuplot";
  std::string option = "-d";
  std::array<char*, 3> arguments{program.data(), option.data(), nullptr};
  pid_t pid = 0;
  std::vector<char*> environment = environment_without_gnuplot();
  const int error =
      posix_spawnp(&pid, program.c_str(), &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw SysError("start gnuplot", error);
  Ended ended;
  while (waitpid(pid, &ended.status, 0) < 0 && errno == EINTR) {
  }
  ended.out = read_all(out);
  ended.err = read_all(err);
  return ended;
}

// What it said itself, in one line; how it ended where it said nothing.
std::string words_of(const Ended& ended) {
  constexpr std::size_t kMost = 500;
  std::string words;
  for (const char c : ended.err.substr(0, kMost)) {
    const bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!is_blank) words += c;
    if (is_blank && !words.empty() && words.back() != ' ') words += ' ';
  }
  if (!words.empty()) return clean_text(words);
  return WIFSIGNALED(ended.status)
             ? fmt::format("killed by signal {}", WTERMSIG(ended.status))
             : fmt::format("no word, exit status {}", WEXITSTATUS(ended.status));
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

bool has_gnuplot() {
  try {
    const Ended ended = run_gnuplot("");
    if (ended.status == 0) return true;
    throw std::runtime_error(fmt::format(
        "gnuplot is installed but does not start: {} (mend it, or take it off PATH for a report "
        "without pictures)",
        words_of(ended)));
  } catch (const SysError& error) {
    if (error.error() == ENOENT || error.error() == EACCES || error.error() == ENOTDIR)
      return false;
    throw;
  }
}

std::string draw(const Picture& picture) {
  Ended ended = run_gnuplot(picture.script);
  if (ended.status != 0 || ended.out.find("</svg>") == std::string::npos) {
    throw std::runtime_error(
        fmt::format("gnuplot failed on {} (is it 5.4 or later, with the svg terminal?): {}",
                    picture.name, words_of(ended)));
  }
  return finish_svg(std::move(ended.out), picture);
}

std::string finish_svg(std::string svg, const Picture& picture) {
  // Black is the reader's text colour, whatever that is.
  for (const char* const black :
       {"\"black\"", "'black'", "'rgb(  0,   0,   0)'", "\"rgb(0, 0, 0)\""}) {
    replace_all(svg, black, "\"currentColor\"");
  }
  // Several of these stand in one HTML page, where an id is to be unique.
  replace_all(svg, "id=\"", "id=\"" + picture.name + "-");
  replace_all(svg, "id='", "id='" + picture.name + "-");
  replace_all(svg, "xlink:href='#", "xlink:href='#" + picture.name + "-");
  replace_all(svg, "url(#", "url(#" + picture.name + "-");

  // gnuplot's own title would be shown as a tooltip.
  if (const std::size_t begin = svg.find("<title>"); begin != std::string::npos) {
    const std::size_t end = svg.find("</title>", begin);
    svg.replace(begin, end - begin, "<title>" + escape_html(picture.alt));
  }
  const std::size_t root = svg.find("<svg");
  if (root == std::string::npos) return svg;
  svg.insert(root + 4, " class=\"plot\" role=\"img\"");
  const std::size_t inside = svg.find('>', root);
  svg.insert(inside + 1,
             "\n<style>.plot { color: #1f2328 } @media (prefers-color-scheme: dark) { .plot { "
             "color: #e6edf3 } }</style>");
  return svg;
}

}  // namespace urb
