#include "experiment/mode_choice.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "mode/listener_group.hpp"
#include "net/kernel_tls.hpp"
#include "process/child.hpp"
#include "uring/kernel_thread.hpp"
#include "uring/lock_try.hpp"

namespace urb {
namespace {

constexpr std::string_view kAll = "all";

bool has_mode(const std::vector<Subject>& subjects, std::string_view name) {
  return std::any_of(subjects.begin(), subjects.end(),
                     [name](const Subject& subject) { return subject.mode == name; });
}

void add_new(std::vector<Subject>& subjects, Subject one) {
  if (std::find(subjects.begin(), subjects.end(), one) != subjects.end()) return;
  subjects.push_back(std::move(one));
}

// What a mode has of its own: its policy, or who does TLS.
void read_own(Subject& subject, const Mode& mode, std::string_view typed) {
  for (const Policy known : kPolicies) {
    if (name_of(known) != typed) continue;
    subject.policy = known;
    return require_policy(mode, known, false);
  }
  for (const tls::Kind known : tls::kKinds) {
    if (name_of(known) != typed) continue;
    subject.tls = known;
    if (const std::string why = find_tls_obstacle(mode, known); !why.empty()) throw UsageError(why);
    return;
  }
  std::vector<std::string_view> names;
  for (const Policy known : kPolicies) names.push_back(name_of(known));
  for (const tls::Kind known : tls::kKinds) names.push_back(name_of(known));
  throw_unknown("policy", typed, names, "as in --policy, or who does TLS, as in --tls");
}

// MODE, MODE:POLICY, MODE:TLS, or both.
Subject parse_subject(std::string_view typed) {
  std::size_t colon = std::min(typed.find(':'), typed.size());
  const Mode& mode = require_mode(typed.substr(0, colon));
  Subject subject{.mode = std::string{mode.name}};
  while (colon != typed.size()) {
    typed.remove_prefix(colon + 1);
    colon = std::min(typed.find(':'), typed.size());
    read_own(subject, mode, typed.substr(0, colon));
  }
  return subject;
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

// In the way of a mode without a master.
std::string policy_obstacle_of(const ServerConfig& config) {
  const Mode& mode = *find_mode(find_reference());
  const Policy policy = policy_of(mode, config.policy);
  try {
    require_policy(mode, policy, config.listen.is_unix());
    return find_policy_obstacle(policy);
  } catch (const UsageError& error) {
    return error.what();
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
    // Of a hello nothing is received.
    const bool reads_heads = config.tls.kind != tls::Kind::sni;
    if (reads_heads && !can_lock(locked_bytes(config, true))) found.head_memory = kTooLittle;
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
  found.policy = policy_obstacle_of(config);
  if (config.tls.kind == tls::Kind::ktls) found.tls = find_kernel_tls_obstacle();
  return found;
}

std::string find_obstacle(const Mode& mode, RelayKind relay, const Obstacles& obstacles) {
  for (const std::string* const common :
       {&obstacles.rings, &obstacles.processes, &obstacles.memory, &obstacles.tls}) {
    if (!common->empty()) return *common;
  }
  if (mode.reads_heads && !obstacles.head_memory.empty()) return obstacles.head_memory;
  if (mode.workers_listen && !obstacles.policy.empty()) return obstacles.policy;
  std::string missing = describe_missing(mode.name, mode.needs, obstacles.features);
  if (!missing.empty()) return missing;
  return mode.has_relay && relay == RelayKind::linked ? obstacles.splices : std::string{};
}

ModeChoice choose_modes(const std::vector<std::string>& typed, bool wants_reference,
                        std::optional<RelayKind> relay, const FindObstacle& obstacle) {
  // No relay needs less than the one that copies.
  const RelayKind least = relay.value_or(RelayKind::copy);
  ModeChoice choice;
  std::vector<Subject> modes;
  for (const std::string& name : typed) {
    if (name != kAll) add_new(modes, parse_subject(name));
  }
  const bool is_all = std::find(typed.begin(), typed.end(), kAll) != typed.end();
  std::string reason;
  const auto add_if_possible = [&](const Mode& mode) {
    std::string why_not = obstacle(mode, least);
    if (why_not.empty()) return add_new(modes, {std::string{mode.name}});
    choice.left_out.push_back(fmt::format("{} is left out: {}", mode.name, why_not));
    if (reason.empty()) reason = std::move(why_not);
  };
  if (is_all) {
    for (const Mode* const mode : all_modes()) add_if_possible(*mode);
    if (choice.left_out.size() == all_modes().size())
      throw Unsupported("no mode can run here: " + reason);
  } else if (wants_reference && modes.size() > 1 && !has_mode(modes, find_reference())) {
    const bool has_own_tls = std::any_of(modes.begin(), modes.end(), [](const Subject& subject) {
      return subject.tls.value_or(tls::Kind::off) != tls::Kind::off;
    });
    add_if_possible(require_mode(find_reference()));
    // What is sealed is held against what is.
    if (has_own_tls && modes.back().mode == find_reference()) modes.back().tls = tls::Kind::worker;
  }
  for (const Subject& subject : modes) {
    const Mode& mode = require_mode(subject.mode);
    if (!mode.has_relay || relay) {
      choice.subjects.push_back(subject);
      continue;
    }
    const bool can_run = obstacle(mode, least).empty();
    for (const RelayKind one : kRelays) {
      const std::string why_not = can_run ? obstacle(mode, one) : std::string{};
      if (why_not.empty()) {
        choice.subjects.push_back(
            {.mode = subject.mode, .relay = one, .policy = subject.policy, .tls = subject.tls});
      } else {
        choice.left_out.push_back(
            fmt::format("{} {} is left out: {}", subject.mode, name_of(one), why_not));
      }
    }
  }
  return choice;
}

}  // namespace urb
