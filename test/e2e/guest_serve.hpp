// `serve` in a virtual machine, under a kernel that this host does not run, for clients of this
// host.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "sweep/boot.hpp"
#include "sweep/initramfs.hpp"

namespace urb::test {

/// The binary of URB_BINARY as the guest's only program. The machine is ended by the destructor.
class GuestServe {
 public:
  /// `kernel` is as with --guest. Returns once the guest accepts. Ends this program with 77 where
  /// no such guest can run, and says what is missing. Throws runtime_error where the server ends.
  GuestServe(const std::string& kernel, std::vector<std::string> arguments);
  GuestServe(const GuestServe&) = delete;
  GuestServe& operator=(const GuestServe&) = delete;
  ~GuestServe();

  /// Of this host's loopback.
  [[nodiscard]] std::string port() const { return std::to_string(setup_.forward->host); }

 private:
  void boot_and_serve(const std::string& kernel, const GuestTask& task);

  BootSetup setup_;
  std::atomic<bool> accepts_{false};
  std::atomic<bool> has_ended_{false};
  std::atomic<bool> stop_{false};
  bool is_unsupported_ = false;  ///< these two once it has ended
  std::string reason_;
  std::thread machine_;
};

}  // namespace urb::test
