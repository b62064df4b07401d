// The server under test as one object: a master process and its workers, started by fork, told to
// stop by a signal, reaped by pidfd. It knows nothing of load or of experiments.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "mode/server_config.hpp"
#include "process/child.hpp"
#include "stats/counters.hpp"

namespace urb {

enum class ProcessRole : std::uint8_t { master, worker };

/// One process of a running server. Its counters may be read at any time.
struct ServerProcess {
  ProcessRole role = ProcessRole::master;
  unsigned index = 0;  ///< of a worker: 0 … workers-1
  pid_t pid = 0;
  const Counters* counters = nullptr;
};

struct ProcessMessage;

class Server {
 public:
  /// Forks the master, which forks the workers; returns when all of them are ready and the
  /// listener accepts. Throws Unsupported, SysError or UsageError (unknown mode) with the cause
  /// that the child met. No ring and no thread may exist in the caller.
  explicit Server(const ServerConfig& config);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Stops at once: kills and reaps what is still running.
  ~Server();

  /// Where it listens; the port is the real one when the configuration said 0.
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  /// The master first, then the workers by index.
  [[nodiscard]] std::span<const ServerProcess> processes() const noexcept { return processes_; }

  /// Asks for a graceful end: no new connections, what is in flight finishes within the grace.
  void begin_stop() noexcept;
  /// What has happened to workers since the last call, one sentence each; brings processes() up to
  /// date. news_fd() is readable when there is something.
  [[nodiscard]] std::vector<std::string> take_news();
  [[nodiscard]] int news_fd() const noexcept { return reports_.get(); }
  /// Becomes readable when the server has ended, whatever the reason.
  [[nodiscard]] int ended_fd() const noexcept { return master_.ended_fd(); }
  /// Waits until `deadline` for the end. Returns the master's exit status (0 is a clean end;
  /// workers that died before and were replaced do not count), or -1 when it still runs.
  [[nodiscard]] int wait(Nanos deadline) noexcept;

 private:
  struct Pages;  // the shared counters
  /// What a listener on a Unix socket leaves in the file system.
  struct SocketFile {
    SocketFile() = default;
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;
    ~SocketFile();
    std::string path;  ///< empty: none
  };
  void await_ready(unsigned worker_count);
  [[noreturn]] void throw_ended_early(const std::string& last_loss);
  void note_ready(const ProcessMessage& report) noexcept;

  std::unique_ptr<Pages> pages_;
  SocketFile socket_file_;
  Fd reports_;
  Child master_;
  Address address_;
  std::vector<ServerProcess> processes_;
};

}  // namespace urb
