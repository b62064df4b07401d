// The time and some randomness.
#include "cli/run_id.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "experiment/trial.hpp"

namespace urb {

std::string make_run_id() {
  std::uint32_t salt = 0;
  // Blocks only before the machine has any randomness at all.
  if (getrandom(&salt, sizeof salt, 0) != sizeof salt) salt = static_cast<std::uint32_t>(getpid());
  std::string now = format_utc_now().substr(0, std::string_view{"2025-11-23T13:05:59"}.size());
  std::erase_if(now, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}Z-{:08x}", now, salt);
}

}  // namespace urb
