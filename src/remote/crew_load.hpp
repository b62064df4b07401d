// One load of a crew, from the orders to the reports.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiment/far_client.hpp"
#include "remote/client_process.hpp"

namespace urb {

struct CrewMember {
  std::string name;  ///< the command that was typed
  std::string host;
  bool is_elsewhere = false;  ///< its host is not this one
  ClientProcess& process;
  bool may_begin = false;  ///< its warm-up is over
  ClientProgress progress = {};
  std::optional<ClientReport> report = {};
  std::optional<ClientFailure> failure = {};
  [[nodiscard]] bool is_done() const noexcept { return report || failure; }
};

class CrewLoad {
 public:
  /// The members have their orders. Everything given here outlives the load.
  CrewLoad(std::vector<CrewMember> members, const LoadHooks& hooks, const std::atomic<bool>& stop,
           Nanos silence_max)
      : members_{std::move(members)}, hooks_{hooks}, stop_{stop}, silence_max_{silence_max} {}

  /// Returns when each has reported or failed. One that fails ends the others' load.
  void run();
  /// Throws Unsupported where a client's host allows no load. `listen` is the server's address.
  [[nodiscard]] FarLoad sum_up(const Address& listen) const;
  [[nodiscard]] const std::vector<CrewMember>& members() const noexcept { return members_; }

 private:
  enum class Phase : std::uint8_t { warmup, window, over };

  [[nodiscard]] bool is_done() const;
  void wait() const;
  void listen_to(CrewMember& member);
  void hear(CrewMember& member, ClientMessage& message);
  void fail(CrewMember& member, std::string why);
  void advance();
  void tell_progress();
  void end_all();
  void say_to_all(ClientWord word);

  std::vector<CrewMember> members_;
  const LoadHooks& hooks_;
  const std::atomic<bool>& stop_;
  Nanos silence_max_;
  Phase phase_ = Phase::warmup;
  bool has_ended_window_ = false;  // one of them
  bool is_stopping_ = false;
  Nanos begun_at_ = monotonic_now();
  Nanos next_tick_ = begun_at_;
};

}  // namespace urb
