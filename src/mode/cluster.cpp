// cluster: the master accepts and passes each connected socket on, unread. It is never in the data
// path, and it sees no request: a connection is placed once, whatever is asked on it.
#include <utility>

#include "mode/adopting_worker.hpp"
#include "mode/host.hpp"
#include "mode/placement.hpp"
#include "net/acceptor.hpp"

namespace urb {
namespace {

class ClusterMaster {
 public:
  ClusterMaster(Ring& ring, MasterContext& context)
      : context_{context},
        acceptor_{ring, kAcceptor, context.listener, 0, context.counters},
        sender_{ring, kSender, context.channels, context.counters, context.connection_capacity},
        placement_{context.config.policy, context.config.workers, context.config.seed} {}

  void start() { acceptor_.start(); }

  void on_completion(const Completion& done) noexcept {
    if (done.token.owner == kSender) return sender_.on_completion(done);
    Fd socket = acceptor_.on_completion(done);
    if (!socket.is_open()) return;
    context_.counters.connections_opened.add();
    placement_.observe_closed(context_.worker_counters);
    sender_.give(placement_.pick(), std::move(socket));
  }

  // Sockets that were accepted in one batch share a message per worker.
  void on_batch_end(Nanos) noexcept { sender_.flush(); }
  [[nodiscard]] Nanos next_deadline() noexcept { return acceptor_.next_deadline(); }
  void on_deadline(Nanos now) noexcept { acceptor_.on_deadline(now); }
  void begin_stop() noexcept { acceptor_.begin_stop(); }
  void cut_off() noexcept { sender_.cut_off(); }
  void on_worker_lost(unsigned worker) noexcept {
    placement_.observe_death(worker, context_.worker_counters);
    placement_.set_present(worker, false);
  }
  void on_worker_back(unsigned worker) noexcept {
    placement_.set_present(worker, true);
    sender_.resume(worker);
  }
  [[nodiscard]] bool is_idle() noexcept { return acceptor_.is_idle() && sender_.is_idle(); }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kSender };
  MasterContext& context_;
  Acceptor acceptor_;
  HandoverSender sender_;
  Placement placement_;
};

}  // namespace

extern const Mode mode_cluster;
const Mode mode_cluster{"cluster",
                        "the master accepts and passes the connected socket on, unread",
                        /*workers_listen=*/false,
                        /*reads_heads=*/false,
                        host_role<ClusterMaster, MasterContext>,
                        host_role<AdoptingWorker, WorkerContext>};

}  // namespace urb
