// The choice of the command, and the small ones.
#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/outputs.hpp"
#include "cli/suggest.hpp"
#include "mode/mode.hpp"
#include "report/console.hpp"

namespace urb {

int run_command(const Options& typed) {
  Options options = typed;
  settle_outputs(options);
  switch (options.command) {
    case Command::run: return run_benchmark(options);
    case Command::serve: return run_serve(options);
    case Command::load: return run_load_only(options);
    case Command::doctor: return run_doctor(options);
    case Command::micro: return run_micro(options);
    case Command::compare: return run_compare(options);
    case Command::sweep: return run_sweep(options);
    case Command::report: return run_report(options);
    case Command::list_columns: return run_list_columns(options);
    case Command::list_modes: break;
  }
  return run_list_modes();
}

int run_list_modes() {
  std::size_t width = 0;
  for (const Mode* const mode : all_modes()) width = std::max(width, mode->name.size());
  for (const Mode* const mode : all_modes()) {
    write_text(stdout, fmt::format("{:{}}  {}\n", mode->name, width, mode->summary));
  }
  return kExitOk;
}

void require_mode(std::string_view name) {
  if (find_mode(name) != nullptr) return;
  std::vector<std::string_view> names{"all"};
  for (const Mode* const mode : all_modes()) names.push_back(mode->name);
  const std::string_view nearest = nearest_name(name, names);
  throw UsageError(nearest.empty()
                       ? fmt::format("unknown mode {} (list-modes names them)", name)
                       : fmt::format("unknown mode {}, did you mean {}?", name, nearest));
}

void require_client(const Options& options) {
  if (options.client != ClientKind::ab) return;
  if (options.rate)
    throw UsageError("ab knows the closed loop only: leave out --rate, or --client ab");
  if (options.verify) throw UsageError("ab verifies nothing: leave out --verify, or --client ab");
  if (!options.headers.empty())
    throw UsageError("ab gets no further headers: leave out --header, or --client ab");
}

void print_error(std::string_view what) {
  std::string line{what};
  // Paths and other programs' words are in it: no line of theirs, no command to the terminal.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  write_text(stderr, fmt::format("uring-bench: {}\n", line));
}

}  // namespace urb
