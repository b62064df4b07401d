// The side of the process that starts a server and ends it.
#include "server/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/error.hpp"
#include "mode/listener_group.hpp"
#include "mode/mode.hpp"
#include "net/acceptor.hpp"
#include "net/kernel_tls.hpp"
#include "server/ending.hpp"
#include "server/master.hpp"
#include "server/process_message.hpp"
#include "uring/features.hpp"

namespace urb {
namespace {

// Set-up takes milliseconds; this only bounds a machine that is out of memory or stopped.
constexpr Nanos kStartMax = std::chrono::seconds{30};

std::vector<Fd> make_listeners(const Mode& mode, const ServerConfig& config, Address& address) {
  std::vector<Fd> listeners;
  address = config.listen;
  const bool one_each = listens_per_worker(mode, address);
  const unsigned count = one_each ? config.workers : 1;
  if (one_each) {
    // Shared ports let a second server of this user listen unnoticed: see that nobody is there.
    const Fd alone = make_listener(address, /*share_port=*/false);
    address = Address::of_socket(alone.get());
  }
  for (unsigned index = 0; index < count; ++index) {
    listeners.push_back(make_listener(address, one_each));
    if (index == 0) address = Address::of_socket(listeners.front().get());
  }
  return listeners;
}

std::string sentence_of(const ProcessMessage& report) {
  const std::string who = fmt::format("worker {} (pid {}) ", report.worker_index, report.pid);
  switch (report.kind) {
    case ProcessMessage::Kind::ready: return who + "replaces it";
    case ProcessMessage::Kind::lost: return who + report.text;
    default: return who + "could not start: " + report.text;
  }
}

}  // namespace

// The pages that all processes of a server share: the master's, then the workers'.
struct Server::Pages {
  static constexpr std::size_t kPageBytes = 4096;

  explicit Pages(std::size_t processes) : count{processes} {
    void* const shared = mmap(nullptr, count * kPageBytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw_errno("mmap of counters");
    memory = shared;
    for (std::size_t index = 0; index < count; ++index) {
      pages.push_back(new (static_cast<std::byte*>(shared) + index * kPageBytes) Counters);
    }
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { munmap(memory, count * kPageBytes); }

  std::size_t count;
  void* memory = nullptr;
  std::vector<Counters*> pages;
};

Server::Server(const ServerConfig& config) {
  const Mode* const mode = find_mode(config.mode);
  if (mode == nullptr) throw UsageError("unknown mode: " + config.mode);
  if (config.workers == 0) throw UsageError("at least one worker is needed");
  if (!config.pins.empty() && config.pins.size() != 1 + config.workers) {
    throw UsageError("pins name the master and each worker, or nobody");
  }
  if (config.tls.kind != tls::Kind::off) {
    tls::require_library();
    const std::string obstacle = find_tls_obstacle(*mode, config.tls.kind);
    if (!obstacle.empty()) throw UsageError(obstacle);
  }
  if (config.tls.kind == tls::Kind::ktls) {
    if (config.listen.is_unix()) throw UsageError("--tls ktls needs TCP: Unix sockets have no TLS");
    if (const std::string obstacle = find_kernel_tls_obstacle(); !obstacle.empty())
      throw Unsupported(obstacle);
  }
  require_policy(*mode, policy_of(*mode, config.policy), config.listen.is_unix());
  require_features(mode->name, mode->needs);  // tried here, once for all processes to come
  pages_ = std::make_unique<Pages>(1 + config.workers);
  std::vector<Fd> listeners = make_listeners(*mode, config, address_);
  socket_file_.path = address_.path();

  int ends[2];
  check_allowed(pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe2", {2, 6});
  reports_ = Fd{Adopt{}, ends[0]};
  Fd report_write{Adopt{}, ends[1]};
  // SIGTERM and not SIGKILL, should this process die: the master then ends its workers in order.
  master_ = Child{"urb-master", SIGTERM, [&] {
                    reports_.close();
                    return run_master_process({*mode, config, std::move(listeners), pages_->pages,
                                               address_, report_write.get()});
                  }};
  report_write.close();
  listeners.clear();
  await_ready(config.workers);
}

void Server::await_ready(unsigned worker_count) {
  processes_.resize(1 + worker_count);
  for (std::size_t index = 0; index < processes_.size(); ++index) {
    processes_[index].counters = pages_->pages[index];
  }
  const Nanos deadline = monotonic_now() + kStartMax;
  std::string last_loss;
  for (std::size_t ready = 0; ready < processes_.size();) {
    pollfd readable{reports_.get(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - monotonic_now());
    if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) == 0) {
      throw std::runtime_error("the server did not become ready in time");
    }
    ProcessMessage report;
    const ssize_t size = read(reports_.get(), &report, sizeof report);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size != sizeof report) throw_ended_early(last_loss);
    if (report.kind == ProcessMessage::Kind::lost) {
      last_loss = sentence_of(report);
      continue;  // its replacement is on the way
    }
    if (report.kind != ProcessMessage::Kind::ready) throw_failure(report);
    note_ready(report);
    ++ready;
  }
}

void Server::throw_ended_early(const std::string& last_loss) {
  std::string text = "the server ended before it was ready: ";
  if (!last_loss.empty()) throw std::runtime_error(text + last_loss);
  // Its end of the pipe is closed: it has ended, or is about to.
  constexpr Nanos kEnding = std::chrono::seconds{5};
  const std::optional<int> status = master_.wait(monotonic_now() + kEnding);
  if (!status) throw std::runtime_error(text + "the master has closed its end of the pipe");
  throw std::runtime_error(
      fmt::format("{}the master {}{}", text, describe_ending(*status), likely_cause_of(*status)));
}

void Server::note_ready(const ProcessMessage& report) noexcept {
  ServerProcess& process = processes_[report.is_master ? 0 : 1 + report.worker_index];
  process.role = report.is_master ? ProcessRole::master : ProcessRole::worker;
  process.index = report.worker_index;
  process.pid = report.pid;
}

std::vector<std::string> Server::take_news() {
  std::vector<std::string> news;
  ProcessMessage report;
  while (read(reports_.get(), &report, sizeof report) == sizeof report) {
    if (report.kind == ProcessMessage::Kind::ready) note_ready(report);
    news.push_back(sentence_of(report));
  }
  return news;
}

Server::~Server() = default;

Server::SocketFile::~SocketFile() {
  if (!path.empty()) unlink(path.c_str());
}

void Server::begin_stop() noexcept { master_.signal(SIGTERM); }

int Server::wait(Nanos deadline) noexcept { return master_.wait(deadline).value_or(-1); }

}  // namespace urb
