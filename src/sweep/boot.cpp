// QEMU as a child: its output is read until it ends or is ended.
#include "sweep/boot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "process/child.hpp"
#include "process/command.hpp"
#include "sweep/guest.hpp"

namespace urb {
namespace {

constexpr Nanos kTurn = std::chrono::milliseconds{100};

// The reading end of a child's stream, cut into lines.
class LineReader {
 public:
  LineReader() {
    std::array<int, 2> ends{};
    check(pipe(ends.data()), "pipe");
    from_child_ = Fd{Adopt{}, ends[0]};
    to_us_ = Fd{Adopt{}, ends[1]};
    check(fcntl(from_child_.get(), F_SETFL, O_NONBLOCK), "fcntl");
  }
  [[nodiscard]] int child_end() const noexcept { return to_us_.get(); }
  void close_child_end() noexcept { to_us_.close(); }
  [[nodiscard]] int fd() const noexcept { return from_child_.is_open() ? from_child_.get() : -1; }

  // Reads what is there; true when there was anything.
  bool fill() {
    bool any = false;
    std::array<char, 4096> bytes{};
    while (from_child_.is_open()) {
      const ssize_t count = ::read(from_child_.get(), bytes.data(), bytes.size());
      if (count > 0) {
        text_.append(bytes.data(), static_cast<std::size_t>(count));
        any = true;
      } else if (count == 0) {
        from_child_.close();
      } else if (errno != EINTR) {
        break;
      }
    }
    return any;
  }
  [[nodiscard]] std::optional<std::string> take_line() {
    const std::size_t end = text_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
  }

 private:
  Fd from_child_;
  Fd to_us_;
  std::string text_;
};

int exec_qemu(const std::vector<std::string>& command, int output, int errors) {
  // Not in the terminal's foreground: Ctrl-C is for this program, which then ends QEMU.
  setsid();
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  return exec_program(command, output, errors);
}

KernelImage with_network(KernelImage kernel) {
  if (kernel.network_modules.empty()) {
    throw Unsupported(fmt::format(
        "there is no module virtio_net of {} (remove its folder, and tools/fetch-kernels "
        "fetches it with that)",
        kernel.release));
  }
  kernel.modules.insert(kernel.modules.end(), kernel.network_modules.begin(),
                        kernel.network_modules.end());
  return kernel;
}

class Boot {
 public:
  Boot(const KernelImage& kernel, const GuestTask& task, const BootSetup& setup,
       const BootHooks& hooks)
      : hooks_{hooks}, patience_{setup.patience} {
    initramfs_.write(make_initramfs(setup.forward ? with_network(kernel) : kernel, task));
    const std::vector<std::string> command =
        qemu_command(setup.qemu, {.cpu = setup.cpu,
                                  .model = setup.model,
                                  .cpus = setup.cpus,
                                  .kernel = kernel.path,
                                  .initramfs = initramfs_.path(),
                                  .console = console_.path(),
                                  .more_parameters = setup.more_parameters,
                                  .profile = setup.profile,
                                  .forward = setup.forward});
    child_ = Child{"qemu", SIGKILL,
                   [&] { return exec_qemu(command, rows_.child_end(), errors_.child_end()); }};
    rows_.close_child_end();
    errors_.close_child_end();
  }

  BootResult run(const std::atomic<bool>& stop) {
    Nanos heard_at = monotonic_now();
    while (true) {
      std::array<pollfd, 3> waiting{pollfd{rows_.fd(), POLLIN, 0}, pollfd{errors_.fd(), POLLIN, 0},
                                    pollfd{child_.ended_fd(), POLLIN, 0}};
      // EINTR is the signal that sets `stop`.
      (void)poll(
          waiting.data(), waiting.size(),
          static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(kTurn).count()));
      if (rows_.fill()) heard_at = monotonic_now();
      (void)errors_.fill();
      take_lines();
      if (hooks_.on_turn) hooks_.on_turn();
      if (stop.load()) return finish(BootEnd::interrupted, "interrupted");
      const std::optional<int> status = child_.wait(Nanos{0});
      if (status) return finish_ended(*status);
      if (monotonic_now() - heard_at > patience_) {
        return finish(
            BootEnd::timeout,
            fmt::format("the guest said nothing for {} s, its console last: {}",
                        std::chrono::duration_cast<std::chrono::seconds>(patience_).count(),
                        last_line(console_.read())));
      }
    }
  }

 private:
  void take_lines() {
    while (std::optional<std::string> line = rows_.take_line()) {
      constexpr std::string_view kPrefix = kExitPrefix;
      if (*line == kReadyLine) continue;
      if (*line == kEndLine) {
        has_ended_ = true;
      } else if (line->starts_with(kPrefix)) {
        int code = 1;
        std::from_chars(line->data() + kPrefix.size(), line->data() + line->size(), code);
        result_.exit_codes.push_back(code);
      } else if (hooks_.on_line) {
        hooks_.on_line(*line);
      }
    }
  }

  BootResult finish_ended(int status) {
    // It may have written between the last look and its end.
    (void)rows_.fill();
    (void)errors_.fill();
    take_lines();
    if (has_ended_) return finish(BootEnd::finished, {});
    std::string said;
    while (std::optional<std::string> line = errors_.take_line()) said = std::move(*line);
    if (!said.empty() && status != 0) return finish(BootEnd::failed, "QEMU: " + said);
    // With panic=-1 and -no-reboot, QEMU ends well where the kernel does not.
    const std::string panic = find_panic(console_.read());
    if (!panic.empty() || status == 0) {
      return finish(BootEnd::panic, panic.empty()
                                        ? "the guest ended without a word, its console last: " +
                                              last_line(console_.read())
                                        : panic);
    }
    return finish(BootEnd::failed, fmt::format("QEMU ended with status {}, the console last: {}",
                                               status, last_line(console_.read())));
  }

  BootResult finish(BootEnd end, std::string reason) {
    result_.end = end;
    result_.reason = std::move(reason);
    result_.console = console_.read();
    return std::move(result_);
  }

  const BootHooks& hooks_;
  Nanos patience_;
  MemoryFile initramfs_{"initramfs"};
  MemoryFile console_{"console"};
  LineReader rows_;
  LineReader errors_;
  Child child_;
  bool has_ended_ = false;
  BootResult result_;
};

}  // namespace

std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::size_t at = text.rfind('\n');
  return std::string{at == std::string_view::npos ? text : text.substr(at + 1)};
}

std::string find_panic(const std::string& console) {
  const std::size_t at = console.find("Kernel panic");
  if (at == std::string::npos) return {};
  return console.substr(at, console.find_first_of("\r\n", at) - at);
}

BootResult boot(const KernelImage& kernel, const GuestTask& task, const BootSetup& setup,
                const BootHooks& hooks, const std::atomic<bool>& stop) {
  return Boot{kernel, task, setup, hooks}.run(stop);
}

std::string probe_kvm(const KernelImage& kernel, const BootSetup& setup,
                      const std::atomic<bool>& stop) {
  if (access("/dev/kvm", R_OK | W_OK) != 0) {
    return errno == EACCES ? "no access to /dev/kvm (join its group)" : "there is no /dev/kvm";
  }
  BootSetup probe = setup;
  probe.cpu = GuestCpu::kvm;
  // Where KVM is broken, QEMU may stay for ever.
  probe.patience = std::chrono::seconds{10};
  const BootResult result = boot(kernel, {{{"list-modes"}}, 0, false, {}}, probe, {}, stop);
  if (result.end == BootEnd::finished && result.exit_codes == std::vector{0}) return {};
  return result.reason.empty() ? "a guest under KVM did not work" : result.reason;
}

}  // namespace urb
