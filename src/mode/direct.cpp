// direct: no distribution by the master at all. Each worker accepts on a listener of its own and
// the kernel spreads connections by SO_REUSEPORT: by its hash, or by a program
// (mode/listener_group.hpp). The other modes are held against it. It is no ceiling: the hash loads
// the workers unevenly where connections are few.
#include <tuple>
#include <utility>

#include "mode/adopting_worker.hpp"
#include "mode/listener_group.hpp"
#include "mode/parts.hpp"
#include "mode/role_host.hpp"
#include "net/acceptor.hpp"

namespace urb {
namespace {

/// Has nothing to do but to wait for the end.
class DirectMaster : public Parts<DirectMaster> {
 public:
  DirectMaster(Ring&, MasterContext&) {}
  void on_completion(const Completion&) noexcept {}
  void begin_stop() noexcept { stopping_ = true; }
  [[nodiscard]] bool is_idle() const noexcept { return stopping_; }

 private:
  friend class Parts<DirectMaster>;
  auto parts() noexcept { return std::tie(); }
  bool stopping_ = false;
};

/// An AdoptingWorker that also accepts.
template <class Wire>
class DirectWorker : public Parts<DirectWorker<Wire>> {
  using Worker = BasicAdoptingWorker<Wire>;

 public:
  DirectWorker(Ring& ring, WorkerContext& context)
      : acceptor_{ring, kAcceptor, context.listener, 0, context.counters},
        worker_{ring, context},
        load_{context.shared, context.counters} {}

  void on_completion(const Completion& done) noexcept {
    if (done.token.owner != kAcceptor) return worker_.on_completion(done);
    Socket socket = acceptor_.on_completion(done);
    if (socket.is_open()) worker_.adopt(std::move(socket));
  }
  [[nodiscard]] bool must_stop() const noexcept { return worker_.must_stop(); }

 private:
  static constexpr std::uint8_t kAcceptor = Worker::kFirstFreeOwner;
  friend class Parts<DirectWorker>;
  auto parts() noexcept { return std::tie(worker_, acceptor_, load_); }

  Acceptor acceptor_;
  Worker worker_;
  LoadReport load_;
};

}  // namespace

extern const Mode mode_direct{
    .name = "direct",
    .summary = "each worker accepts by itself (SO_REUSEPORT): the reference",
    .workers_listen = true,
    .is_reference = true,
    .run_master = host_role<DirectMaster, MasterContext>,
    .run_worker = host_role<DirectWorker<PlainWire>, WorkerContext>,
    .run_tls_worker = host_role<DirectWorker<TlsWire>, WorkerContext>,
};

}  // namespace urb
