// One boot on a thread of its own, since the machine ends with who started it.
#include "e2e/guest_serve.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <stdexcept>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "base/fd.hpp"
#include "base/small_files.hpp"
#include "e2e/program.hpp"
#include "support/guest_tests.hpp"

namespace urb::test {
namespace {

constexpr std::uint16_t kGuestPort = 8443;
constexpr Nanos kBootPatience = std::chrono::minutes{2};

/// QEMU takes no port 0 and tells which it got.
std::uint16_t find_free_port() {
  const Fd fd{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const Address any = Address::loopback(0);
  check(bind(fd.get(), any.raw(), any.raw_bytes()), "bind");
  return Address::of_socket(fd.get()).port();
}

}  // namespace

GuestServe::GuestServe(const std::string& kernel, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "serve");
  arguments.insert(arguments.end(), {"-l", fmt::format("{}:{}", kGuestAddress, kGuestPort)});
  GuestTask task;
  task.settle_s = 0;
  task.runs.push_back(std::move(arguments));
  task.program = read_small_file(binary());
  setup_.patience = std::chrono::hours{12};  // it is silent while it serves
  setup_.forward = ForwardedPort{find_free_port(), kGuestPort};
  machine_ = std::thread{[this, kernel, task] { boot_and_serve(kernel, task); }};
  const bool is_clear = wait_until([this] { return accepts_ || has_ended_; }, kBootPatience);
  if (accepts_) return;
  stop_ = true;
  machine_.join();
  if (is_unsupported_) {
    std::fprintf(stderr, "skipped: %s\n", reason_.c_str());
    std::fflush(nullptr);
    _exit(kExitUnsupported);
  }
  throw std::runtime_error(is_clear ? reason_
                                    : "the guest did not say that it listens: " + reason_);
}

GuestServe::~GuestServe() {
  stop_ = true;
  machine_.join();
}

void GuestServe::boot_and_serve(const std::string& kernel, const GuestTask& task) {
  try {
    setup_.qemu = find_qemu();
    const BootHooks hooks{[this](const std::string& line) {
                            if (line.starts_with("listening on ")) accepts_ = true;
                          },
                          {}};
    const BootResult result = boot(find_guest_kernel(kernel), task, setup_, hooks, stop_);
    is_unsupported_ = result.exit_codes == std::vector{kExitUnsupported};
    reason_ = result.reason + "\n" + result.console;
  } catch (const Unsupported& cause) {
    is_unsupported_ = true;
    reason_ = cause.what();
  } catch (const std::exception& cause) {
    reason_ = cause.what();
  }
  has_ended_ = true;
}

}  // namespace urb::test
