// As root on an empty machine, with nobody to help.
#include "sweep/guest.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <sys/io.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "sweep/initramfs.hpp"
#include "sweep/qemu.hpp"

namespace urb {
namespace {

void send_to_port([[maybe_unused]] std::string_view text,
                  [[maybe_unused]] unsigned short port) noexcept {
#if defined(__x86_64__)
  // One instruction for all bytes (`rep outsb`): the port itself takes one at a time.
  outsb(port, text.data(), text.size());
#endif
}

void send_to_host(std::string_view text) noexcept { send_to_port(text, kOutputPort); }

[[noreturn]] void end_machine() noexcept {
  sync();
#if defined(__x86_64__)
  // QEMU ends with twice the value, plus one: 33, which no failure of its own has.
  outl(16, kExitPort);
#endif
  reboot(RB_POWER_OFF);
  _exit(1);
}

void open_ports() {
#if defined(__x86_64__)
  check(ioperm(kOutputPort, 1, 1), "ioperm");
  check(ioperm(kSymbolPort, 1, 1), "ioperm");
  check(ioperm(kExitPort, 4, 1), "ioperm");
#endif
}

void mount_all() {
  check(mount("proc", "/proc", "proc", 0, nullptr), "mount of /proc");
  check(mount("sysfs", "/sys", "sysfs", 0, nullptr), "mount of /sys");
  check(mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr), "mount of /dev");
  check(mount("tmpfs", "/tmp", "tmpfs", 0, nullptr), "mount of /tmp");
}

void load_modules() {
  constexpr int kCompressed = 4;  // MODULE_INIT_COMPRESSED_FILE, Linux 5.17
  std::vector<std::filesystem::path> paths;
  std::copy(std::filesystem::directory_iterator{"/modules"}, {}, std::back_inserter(paths));
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    const Fd file{Adopt{}, check(open(path.c_str(), O_RDONLY | O_CLOEXEC), "open of a module")};
    const int flags = path.extension() == ".xz" ? kCompressed : 0;
    // One that does not load is missed by the mode that needs it, which says so. Instructions that
    // the CPU lacks (ENODEV) are missed by none.
    if (syscall(SYS_finit_module, file.get(), "", flags) != 0 && errno != ENODEV) {
      fmt::print(stderr, "module {} was not loaded: {}\n", path.string(), std::strerror(errno));
    }
  }
}

class Interface {
 public:
  explicit Interface(const char* name) {
    std::strncpy(request_.ifr_name, name, sizeof request_.ifr_name - 1);
  }
  void set_address(unsigned long what, const char* address) {
    sockaddr_in raw{};
    raw.sin_family = AF_INET;
    inet_pton(AF_INET, address, &raw.sin_addr);
    std::memcpy(&request_.ifr_addr, &raw, sizeof raw);
    check(ioctl(socket_.get(), what, &request_), "ioctl of an interface's address");
  }
  void start() {
    check(ioctl(socket_.get(), SIOCGIFFLAGS, &request_), "SIOCGIFFLAGS");
    request_.ifr_flags = static_cast<short>(request_.ifr_flags | IFF_UP);
    check(ioctl(socket_.get(), SIOCSIFFLAGS, &request_), "SIOCSIFFLAGS");
  }

 private:
  const Fd socket_{Adopt{}, check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
  ifreq request_{};
};

// Behind the modules: one of them is the card's.
void start_network() {
  Interface{"lo"}.start();
  // To ask for one that is not there by a socket would start a search for its module.
  if (access("/sys/class/net/eth0", F_OK) != 0) return;
  Interface card{"eth0"};
  card.set_address(SIOCSIFADDR, kGuestAddress);
  card.set_address(SIOCSIFNETMASK, "255.255.255.0");
  card.start();
}

// The kernel's default of 4096 is for machines that have a init system to raise it.
void raise_limits() {
  constexpr rlim_t kDescriptors = 65'536;
  const rlimit limit{kDescriptors, kDescriptors};
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

GuestTask read_task() {
  std::ifstream file{kTaskPath};
  return parse_task({std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}});
}

[[noreturn]] void exec_run(const std::vector<std::string>& arguments, int output) {
  dup2(output, STDOUT_FILENO);
  std::vector<std::string> words{"uring-bench"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv("/init", pointers.data());
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  // Others that end here were left by runs that were killed.
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_one(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC), "pipe2");
  const Fd from_run{Adopt{}, ends[0]};
  Fd to_host{Adopt{}, ends[1]};
  const pid_t child = check(fork(), "fork");
  if (child == 0) exec_run(arguments, to_host.get());
  to_host = Fd{};
  // A row comes when its trial has ended, so this process does not run in a measured time.
  std::array<char, 4096> bytes{};
  for (ssize_t count = 0; (count = read(from_run.get(), bytes.data(), bytes.size())) != 0;) {
    if (count < 0) {
      if (errno == EINTR) continue;
      break;
    }
    send_to_host({bytes.data(), static_cast<std::size_t>(count)});
  }
  return wait_for(child);
}

// The kernel's functions: a third of its symbols, whose other two thirds are of no use.
void send_symbols() {
  std::ifstream file{"/proc/kallsyms"};
  std::string functions;
  for (std::string line; std::getline(file, line);) {
    const std::size_t type = line.find(' ');
    if (type == std::string::npos || type + 1 >= line.size()) continue;
    if (std::string_view{"tTwW"}.find(line[type + 1]) == std::string_view::npos) continue;
    line.erase(std::min(line.find('\t'), line.size()));  // the module's name
    // The padding in front of each function (Linux 6.2), which nothing executes.
    if (std::string_view{line}.substr(type + 2).starts_with(" __pfx_")) continue;
    functions += line + "\n";
  }
  send_to_port(functions, kSymbolPort);
}

void do_task() {
  open_ports();
  mount_all();
  raise_limits();
  load_modules();
  start_network();
  const GuestTask task = read_task();
  setenv("HOME", "/tmp", 1);
  setenv("NO_COLOR", "1", 1);  // the console is a terminal, and its log goes into rows
  if (task.counts_instructions) setenv(kCountVariable, "1", 1);
  for (const std::string& variable : task.environment) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  sleep(task.settle_s);
  send_to_host(fmt::format("{}\n", kReadyLine));
  for (const auto& run : task.runs) {
    send_to_host(fmt::format("{}{}\n", kExitPrefix, run_one(run)));
  }
  if (task.sends_symbols) send_symbols();
  send_to_host(fmt::format("{}\n", kEndLine));
}

}  // namespace

bool is_guest_init() noexcept { return getpid() == 1 && access(kTaskPath, R_OK) == 0; }

bool is_counted_guest() noexcept { return std::getenv(kCountVariable) != nullptr; }

void run_guest() noexcept {
  try {
    do_task();
  } catch (const std::exception& error) {
    // Goes to the console, whose log the host keeps where the end is missing.
    fmt::print(stderr, "uring-bench guest: {}\n", error.what());
  }
  end_machine();
}

}  // namespace urb
