// `list-modes`: the names to choose from.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command.hpp"
#include "mode/mode.hpp"
#include "report/console.hpp"

namespace urb {
namespace {

int run_list_modes() {
  std::size_t width = 0;
  for (const Mode* const mode : all_modes()) width = std::max(width, mode->name.size());
  for (const Mode* const mode : all_modes()) {
    write_text(stdout, fmt::format("{:{}}  {}\n", mode->name, width, mode->summary));
  }
  return kExitOk;
}

}  // namespace

extern const Command command_list_modes;
const Command command_list_modes{.name = "list-modes",
                                 .summary = "Names the modes",
                                 .examples = "  uring-bench list-modes\n",
                                 .declare = [](Flags&) { return make_action(run_list_modes); }};

}  // namespace urb
