// THE SHAPE of a mode: one file in this folder plus one word in meson.build's list. The file
// defines what the master and the workers do, and a row for the table; nobody else changes.
#pragma once

#include <signal.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "mode/server_config.hpp"
#include "stats/counters.hpp"
#include "uring/features.hpp"

namespace urb {

/// How a master tells its workers to finish while more may still come through their channels. Not
/// SIGTERM, which is for the server: sent to a worker alone it would stop that by half, since its
/// master, which knows nothing of it, goes on giving it connections. A real-time signal is queued:
/// the same number from somebody else, which says nothing, cannot take the order's place.
[[nodiscard]] inline int finish_signal() noexcept { return SIGRTMIN; }

/// What the process around a role gives it. Everything here outlives the role.
struct ProcessContext {
  const ServerConfig& config;
  Counters& counters;  ///< this process's page
  /// A signalfd. To a master, SIGTERM is the order to stop, and SIGCHLD tells of a worker; to a
  /// worker, its master's finish_signal() is the order to begin.
  int control = 0;
  std::size_t connection_capacity = 0;  ///< as many as there can be descriptors
  std::function<void()> on_ready;       ///< called once the role has started
  std::optional<unsigned> iowq_cpu;     ///< where the ring's threads are pinned, if they are
};

/// What has become of a worker: dead, or replaced.
struct WorkerChange {
  unsigned worker;
  bool is_back;
};

/// What the master learns when it looks after its workers.
struct WorkerWatch {
  std::span<const WorkerChange> changes;  ///< in their order, until the next look
  Nanos next_look = kNever;               ///< a replacement could not be made: try again then
  bool is_hopeless = false;               ///< workers die as soon as they start
};

struct MasterContext : ProcessContext {
  int listener = 0;
  std::span<const int> channels;  ///< one per worker
  std::span<const Counters* const> worker_counters;
  std::span<const std::span<std::byte>> shared;  ///< per worker, of Mode::shared_bytes
  /// Tells the workers to close what is idle and to end each connection with its next answer,
  /// while more sockets may still come through the channels.
  std::function<void()> stop_workers;
  /// A descriptor of our own for what worker `worker` has under `number` (pidfd_getfd(2),
  /// Linux 5.6); throws SysError where the kernel refuses, with the remedy.
  std::function<Fd(unsigned worker, int number)> take_descriptor;
  /// Ends a worker that does not do what it is told.
  std::function<void(unsigned)> kill_worker;
  /// Called on SIGCHLD, and later as it asks: replaces dead workers, each under the number of its
  /// channel.
  std::function<WorkerWatch()> look_after_workers;
};

struct WorkerContext : ProcessContext {
  unsigned index = 0;
  int channel = 0;   ///< from the master; ends when the master wants this worker to end
  int listener = 0;  ///< only where Mode::workers_listen
  /// With the master, of Mode::shared_bytes; or of ListenerGroup::load_memory().
  std::span<std::byte> shared;
};

struct Mode {
  std::string_view name;     ///< command line, CSV and file name: one spelling
  std::string_view summary;  ///< one line of list-modes
  /// What it cannot do without. Tried before a server starts; no mode tries it again.
  Features needs;
  /// Each worker has a listener of its own on the shared port, and the kernel places.
  bool workers_listen = false;
  bool reads_heads = false;   ///< the master sees the head: `--policy key` can route by it
  bool has_relay = false;     ///< `--relay` chooses its data path
  bool is_reference = false;  ///< the others are held against it; one mode is
  /// Both run until their part is finished and return; they throw before they are ready only.
  void (*run_master)(MasterContext&);
  void (*run_worker)(WorkerContext&);
  /// The same with TLS: it gets the sockets unread, and does TLS by itself. Null where a worker
  /// never has such a socket.
  void (*run_tls_worker)(WorkerContext&) = nullptr;
  /// Of a mode that otherwise reads heads, with `--tls sni`: looks at the ClientHello instead.
  void (*run_sni_master)(MasterContext&) = nullptr;
  /// The same with `--tls ktls`: the master completes handshakes, and the kernel has the keys when
  /// a connection gets to the worker. Both null where the master reads no head.
  void (*run_ktls_master)(MasterContext&) = nullptr;
  void (*run_ktls_worker)(WorkerContext&) = nullptr;
  /// Memory that the master shares with each worker, zero to begin with.
  std::size_t shared_bytes = 0;
};

/// What `asked` means in a mode: without it masters take turns, and the kernel hashes.
[[nodiscard]] inline Policy policy_of(const Mode& mode, std::optional<Policy> asked) noexcept {
  return asked.value_or(mode.workers_listen ? Policy::hash : Policy::rr);
}

/// All modes, in the order of the list in meson.build.
[[nodiscard]] std::span<const Mode* const> all_modes() noexcept;
/// What the processes of `mode` run when `kind` does TLS. Null where find_tls_obstacle() says why.
[[nodiscard]] auto master_of(const Mode& mode, tls::Kind kind) noexcept -> void (*)(MasterContext&);
[[nodiscard]] auto worker_of(const Mode& mode, tls::Kind kind) noexcept -> void (*)(WorkerContext&);
/// Why `--tls` of `kind` does not go with `mode`; empty where it does.
[[nodiscard]] std::string find_tls_obstacle(const Mode& mode, tls::Kind kind);
/// Null when there is none of that name.
[[nodiscard]] const Mode* find_mode(std::string_view name) noexcept;

}  // namespace urb

// A skeleton to copy:
//
//   class ExampleMaster { … };  // satisfies Role, see uring/event_loop.hpp; or UnreadMaster,
//                               // HeadMaster with another Transport, see mode/transport.hpp
//   extern const Mode mode_example;
//   const Mode mode_example{.name = "example",
//                           .summary = "what it does in one line",
//                           .run_master = host_role<ExampleMaster, MasterContext>,
//                           .run_worker = host_role<AdoptingWorker, WorkerContext>};
