// direct: no distribution by the master at all. Each worker accepts on a listener of its own and
// the kernel spreads connections by SO_REUSEPORT. The other modes are held against it. It is no
// ceiling: the kernel hashes connections, and so few of them load the workers unevenly.
#include <algorithm>

#include "mode/adopting_worker.hpp"
#include "mode/role_host.hpp"
#include "net/acceptor.hpp"

namespace urb {
namespace {

/// Has nothing to do but to wait for the end.
class DirectMaster {
 public:
  DirectMaster(Ring&, MasterContext&) {}
  void start() {}
  void on_completion(const Completion&) noexcept {}
  void on_batch_end(Nanos) noexcept {}
  [[nodiscard]] Nanos next_deadline() noexcept { return kNever; }
  void on_deadline(Nanos) noexcept {}
  void begin_stop() noexcept { stopping_ = true; }
  void cut_off() noexcept {}
  void on_worker_lost(unsigned) noexcept {}
  void on_worker_back(unsigned) noexcept {}
  [[nodiscard]] bool is_idle() noexcept { return stopping_; }

 private:
  bool stopping_ = false;
};

/// An AdoptingWorker that also accepts.
class DirectWorker {
 public:
  DirectWorker(Ring& ring, WorkerContext& context)
      : acceptor_{ring, kAcceptor, context.listener, 0, context.counters}, worker_{ring, context} {}

  void start() {
    worker_.start();
    acceptor_.start();
  }
  void on_completion(const Completion& done) noexcept {
    if (done.token.owner != kAcceptor) return worker_.on_completion(done);
    Socket socket = acceptor_.on_completion(done);
    if (socket.is_open()) worker_.adopt(std::move(socket));
  }
  void on_batch_end(Nanos now) noexcept {
    worker_.on_batch_end(now);
    if (worker_.is_stopping() && !std::exchange(stopping_, true)) acceptor_.begin_stop();
  }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min(worker_.next_deadline(), acceptor_.next_deadline());
  }
  void on_deadline(Nanos now) noexcept {
    worker_.on_deadline(now);
    acceptor_.on_deadline(now);
  }
  void begin_stop() noexcept { worker_.begin_stop(); }
  void cut_off() noexcept { worker_.cut_off(); }
  [[nodiscard]] bool is_idle() noexcept { return acceptor_.is_idle() && worker_.is_idle(); }
  [[nodiscard]] bool is_stopping() const noexcept { return worker_.is_stopping(); }

 private:
  static constexpr std::uint8_t kAcceptor = AdoptingWorker::kFirstFreeOwner;
  Acceptor acceptor_;
  AdoptingWorker worker_;
  bool stopping_ = false;
};

}  // namespace

extern const Mode mode_direct{
    .name = "direct",
    .summary = "each worker accepts by itself (SO_REUSEPORT): the reference",
    .color = "#808080",
    .workers_listen = true,
    .is_reference = true,
    .run_master = host_role<DirectMaster, MasterContext>,
    .run_worker = host_role<DirectWorker, WorkerContext>,
};

}  // namespace urb
