#include "experiment/mode_choice.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "process/child.hpp"
#include "uring/kernel_thread.hpp"
#include "uring/lock_try.hpp"

namespace urb {
namespace {

constexpr std::string_view kAll = "all";

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add_new(std::vector<std::string>& names, std::string_view name) {
  if (!has(names, name)) names.emplace_back(name);
}

std::string_view find_reference() {
  const auto modes = all_modes();
  const auto found =
      std::find_if(modes.begin(), modes.end(), [](const Mode* mode) { return mode->is_reference; });
  return (*found)->name;
}

// As many processes as a server has, then a kernel thread beside them.
void try_processes(unsigned workers, Obstacles& found) {
  std::vector<Child> processes;
  try {
    for (unsigned count = 0; count < 1 + workers; ++count) {
      processes.emplace_back("urb-try", SIGKILL, [] { return pause(); });
    }
  } catch (const std::runtime_error& error) {
    found.processes = error.what();
    return;
  }
  try {
    require_kernel_thread("use --relay sync or copy");
  } catch (const std::runtime_error& error) {
    found.splices = error.what();
  }
}

}  // namespace

const Mode& require_mode(std::string_view name) {
  if (const Mode* const mode = find_mode(name)) return *mode;
  std::vector<std::string_view> names{kAll};
  for (const Mode* const mode : all_modes()) names.push_back(mode->name);
  throw_unknown("mode", name, names, "list-modes names them");
}

std::size_t locked_bytes(const ServerConfig& config, bool reads_heads) noexcept {
  constexpr std::size_t kOfRing = 300 * 1024;  // 512 SQEs of 64 bytes, 16,384 CQEs of 16
  constexpr std::size_t kOfHeads = 2 * 1024 * 1024;
  constexpr std::size_t kOfWorker = 1280 * 1024;
  const std::size_t rings = (config.workers + 2) * kOfRing;
  if (config.buffers != BufferKind::registered) return rings;
  return rings + config.workers * kOfWorker + (reads_heads ? kOfHeads : 0);
}

Obstacles find_obstacles(const ServerConfig& config) {
  Obstacles found;
  try {
    found.features = kernel_features();
  } catch (const Unsupported& error) {
    found.rings = error.what();
    return found;
  }
  if (config.buffers == BufferKind::registered) {
    constexpr const char* kTooLittle =
        "registered buffers do not fit into RLIMIT_MEMLOCK; raise ulimit -l, use fewer workers, or "
        "--buffers plain";
    if (!can_lock(locked_bytes(config, false))) found.memory = kTooLittle;
    if (!can_lock(locked_bytes(config, true))) found.head_memory = kTooLittle;
  }
  if (config.buffers == BufferKind::provided) {
    found.memory =
        describe_missing("--buffers provided", {Feature::recv_multishot}, found.features);
  }
  if (config.buffers == BufferKind::provided_inc) {
    found.memory = describe_missing(
        "--buffers provided-inc", {Feature::recv_multishot, Feature::provided_inc}, found.features);
    if (!found.memory.empty()) found.memory += "; use --buffers provided or plain";
  }
  try_processes(config.workers, found);
  return found;
}

std::string find_obstacle(const Mode& mode, RelayKind relay, const Obstacles& obstacles) {
  for (const std::string* const common :
       {&obstacles.rings, &obstacles.processes, &obstacles.memory}) {
    if (!common->empty()) return *common;
  }
  if (mode.reads_heads && !obstacles.head_memory.empty()) return obstacles.head_memory;
  std::string missing = describe_missing(mode.name, mode.needs, obstacles.features);
  if (!missing.empty()) return missing;
  return mode.has_relay && relay == RelayKind::linked ? obstacles.splices : std::string{};
}

ModeChoice choose_modes(const std::vector<std::string>& typed, bool wants_reference,
                        std::optional<RelayKind> relay, const FindObstacle& obstacle) {
  // No relay needs less than the one that copies.
  const RelayKind least = relay.value_or(RelayKind::copy);
  ModeChoice choice;
  std::vector<std::string> modes;
  for (const std::string& name : typed) {
    if (name != kAll) add_new(modes, require_mode(name).name);
  }
  if (!has(typed, kAll)) {
    if (wants_reference && modes.size() > 1) add_new(modes, find_reference());
  } else {
    std::string reason;
    for (const Mode* const mode : all_modes()) {
      std::string why_not = obstacle(*mode, least);
      if (why_not.empty()) {
        add_new(modes, mode->name);
        continue;
      }
      choice.left_out.push_back(fmt::format("{} is left out: {}", mode->name, why_not));
      if (reason.empty()) reason = std::move(why_not);
    }
    if (choice.left_out.size() == all_modes().size())
      throw Unsupported("no mode can run here: " + reason);
  }
  for (const std::string& name : modes) {
    const Mode& mode = require_mode(name);
    if (!mode.has_relay || relay) {
      choice.subjects.push_back({name});
      continue;
    }
    const bool can_run = obstacle(mode, least).empty();
    for (const RelayKind one : kRelays) {
      const std::string why_not = can_run ? obstacle(mode, one) : std::string{};
      if (why_not.empty()) {
        choice.subjects.push_back({name, one});
      } else {
        choice.left_out.push_back(
            fmt::format("{} {} is left out: {}", name, name_of(one), why_not));
      }
    }
  }
  return choice;
}

}  // namespace urb
