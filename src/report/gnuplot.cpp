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
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "report/html.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared

namespace urb {
namespace {

Fd make_memory_file(const char* name) {
  return Fd{Adopt{}, check(memfd_create(name, MFD_CLOEXEC), "memfd_create")};
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
  const int error =
      posix_spawnp(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw SysError("start gnuplot", error);
  Ended ended;
  while (waitpid(pid, &ended.status, 0) < 0 && errno == EINTR) {
  }
  ended.out = read_all(out);
  ended.err = read_all(err);
  return ended;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

bool has_gnuplot() {
  try {
    return run_gnuplot("").status == 0;
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
                    picture.name, ended.err.substr(0, 500)));
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
