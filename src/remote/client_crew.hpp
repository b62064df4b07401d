// The clients of --client-via: started once, and given each trial's load together.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "experiment/far_client.hpp"
#include "remote/client_process.hpp"

namespace urb {

struct CrewSetup {
  std::vector<std::string> via;  ///< as typed, one for each client
  std::string program;           ///< where it is, there as here
  std::string version;           ///< that they must have
  std::string boot_id;           ///< of this host
  Address listen;                ///< where servers will listen: the clients have to reach it
};

class ClientCrew final : public FarClient {
 public:
  /// A client that has said nothing for so long is not waited for. It tells of its progress ten
  /// times a second. A guess: long for a network that fails over.
  static constexpr Nanos kSilenceMax = std::chrono::seconds{10};
  /// For a login, with a second factor by hand.
  static constexpr Nanos kStartMax = std::chrono::seconds{60};

  /// Starts nothing yet. Throws UsageError for a command that cannot be read.
  explicit ClientCrew(CrewSetup setup);
  ~ClientCrew() override;

  void make_ready() override;
  [[nodiscard]] std::vector<pid_t> pids_here() const override;
  [[nodiscard]] FarLoad run(const LoadOptions& options, const LoadHooks& hooks,
                            const std::atomic<bool>& stop) override;

  /// Of the clients' hosts, each once, joined by ';'. Known once make_ready() has returned.
  [[nodiscard]] std::string hosts() const;
  /// How busy each client was in all loads so far, and how late: a line each.
  [[nodiscard]] std::string shares() const;

 private:
  struct Member;
  void start(Member& member);
  void check_hello(const Member& member) const;
  [[nodiscard]] std::vector<pid_t> companions_of(const Member& member) const;

  CrewSetup setup_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace urb
