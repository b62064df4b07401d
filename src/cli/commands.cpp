// The table of commands, made from the list in meson.build.
#include <array>

#include "cli/command.hpp"

namespace urb {

#define URB_COMMAND(name) extern const Command command_##name;
#include "cli/commands.inc"
#undef URB_COMMAND

namespace {

constexpr std::array kCommands{
#define URB_COMMAND(name) &command_##name,
#include "cli/commands.inc"
#undef URB_COMMAND
};

}  // namespace

std::span<const Command* const> all_commands() noexcept { return kCommands; }

}  // namespace urb
