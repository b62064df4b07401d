// passthru: the master accepts, reads each head, chooses a worker by it, and proxies head, body and
// response through a socket pair to that worker. The choice is made per request, and every byte
// passes through the master.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/refusal.hpp"
#include "mode/adopting_worker.hpp"
#include "mode/head_buffers.hpp"
#include "mode/placement.hpp"
#include "mode/role_host.hpp"
#include "net/acceptor.hpp"
#include "net/exchange.hpp"
#include "net/relay.hpp"
#include "net/upstream_pool.hpp"
#include "uring/kernel_thread.hpp"

namespace urb {
namespace {

// No descriptor has this number: where the call is allowed, that is what it says.
void require_splice_call() {
  if (splice(-1, nullptr, -1, nullptr, 1, 0) < 0 && is_refusal(errno)) {
    throw_refused("splice", errno, {2, 6}, "use --relay linked or copy");
  }
}

class PassthruMaster {
 public:
  PassthruMaster(Ring& ring, MasterContext& context)
      : ring_{ring},
        config_{context.config},
        counters_{context.counters},
        buffers_{ring, head_buffer_options(context.config)},
        acceptor_{ring, kAcceptor, context.listener, SOCK_NONBLOCK, context.counters},
        lingering_close_{ring, kLingeringClose, context.counters, kLingeringClosesMax},
        heads_{ring,
               kHeads,
               buffers_,
               lingering_close_,
               context.counters,
               context.config.limits,
               context.connection_capacity},
        sender_{ring, kSender, context.channels, context.counters, context.connection_capacity},
        upstreams_{sender_, context.config.workers, context.connection_capacity,
                   context.config.limits.idle_timeout, context.counters},
        relay_{ring,
               kRelay,
               context.config.relay,
               buffers_,
               context.counters,
               2 * context.connection_capacity,
               {.spare_count = kSpareStores, .idle_timeout = context.config.limits.idle_timeout},
               context.config.relay_copy_max.value_or(Bytes{kCopyMaxDefault}).value},
        exchanges_{ring,
                   kExchanges,
                   {buffers_, relay_, upstreams_, lingering_close_, context.counters},
                   context.config.limits,
                   context.connection_capacity},
        placement_{context.config.policy, context.config.workers, context.config.seed} {}

  void start() {
    if (config_.relay == RelayKind::linked) require_kernel_thread("use --relay sync or copy");
    if (config_.relay == RelayKind::sync || config_.relay == RelayKind::automatic) {
      require_splice_call();
    }
    acceptor_.start();
  }

  void on_completion(const Completion& done) noexcept {
    switch (done.token.owner) {
      case kAcceptor:
        if (Socket socket = acceptor_.on_completion(done); socket.is_open()) {
          counters_.connections_opened.add();
          serve(heads_.begin(std::move(socket)));
        }
        break;
      case kHeads: serve(heads_.on_completion(done)); break;
      case kExchanges: exchanges_.on_completion(done); break;
      case kRelay:
        if (const auto end = relay_.on_completion(done)) exchanges_.on_transfer_end(*end);
        break;
      case kSender: sender_.on_completion(done); break;
      case kLingeringClose: lingering_close_.on_completion(done); break;
      default: URB_ASSERT(false);
    }
    settle();
  }
  void on_batch_end(Nanos now) noexcept {
    heads_.on_batch_end(now);
    exchanges_.on_batch_end(now);
    relay_.on_batch_end();
    settle();
    if (stopping_ && exchanges_.is_idle()) upstreams_.clear();
    sender_.flush();  // the workers' ends of new pairs
  }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min({acceptor_.next_deadline(), heads_.next_deadline(), exchanges_.next_deadline(),
                     lingering_close_.next_deadline(), relay_.next_deadline(),
                     upstreams_.next_deadline()});
  }
  void on_deadline(Nanos now) noexcept {
    acceptor_.on_deadline(now);
    heads_.on_deadline(now);
    exchanges_.on_deadline(now);
    relay_.on_deadline(now);
    lingering_close_.on_deadline(now);
    upstreams_.on_deadline(now);
  }
  void begin_stop() noexcept {
    stopping_ = true;
    acceptor_.begin_stop();
    heads_.begin_stop();
    exchanges_.begin_stop();
  }
  void cut_off() noexcept {
    heads_.cut_off();
    exchanges_.cut_off();
    lingering_close_.cut_off();
    sender_.cut_off();
  }
  // Exchanges in flight see the end of their upstreams by themselves.
  void on_worker_lost(unsigned worker) noexcept {
    placement_.set_present(worker, false);
    sender_.suspend(worker);
    upstreams_.clear(worker);
  }
  void on_worker_back(unsigned worker) noexcept {
    placement_.set_present(worker, true);
    sender_.resume(worker);
  }
  [[nodiscard]] bool is_idle() noexcept {
    return acceptor_.is_idle() && heads_.is_idle() && exchanges_.is_idle() && sender_.is_idle() &&
           lingering_close_.is_idle();
  }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kHeads, kExchanges, kRelay, kSender, kLingeringClose };
  static constexpr std::size_t kLingeringClosesMax = 1024;
  // Transfers that may be stuck beyond the pools: 16 MiB of pipes or buffers, a guess.
  static constexpr std::uint32_t kSpareStores = 256;

  void serve(std::optional<ReadHead> read) noexcept {
    if (!read) return;
    const http::RequestHead& head = read->head;
    const unsigned worker =
        placement_.pick(head.has_route ? std::optional{head.route_hash} : std::nullopt);
    exchanges_.begin(std::move(*read), worker);
  }

  // Connections whose exchange is over wait for their next head, which may be there already.
  void settle() noexcept {
    while (auto ended = exchanges_.take_ended()) {
      placement_.release(ended->worker);
      if (!ended->client.is_open()) continue;
      serve(heads_.begin_next(std::move(ended->client), std::move(ended->lease), ended->begin,
                              ended->end, std::move(ended->parked)));
    }
  }

  Ring& ring_;
  const ServerConfig& config_;
  Counters& counters_;
  BufferPool buffers_;
  Acceptor acceptor_;
  LingeringClose lingering_close_;
  HeadReader heads_;
  HandoverSender sender_;
  UpstreamPool upstreams_;
  Relay relay_;
  ExchangePool exchanges_;
  Placement placement_;
  bool stopping_ = false;
};

/// Its peers are the master's own ends, which wait in a pool for as long as there is nothing to do;
/// the deadlines of clients are the master's business.
class PassthruWorker : public AdoptingWorker {
 public:
  PassthruWorker(Ring& ring, WorkerContext& context)
      : AdoptingWorker{ring, context, options(context)} {}

 private:
  static SessionOptions options(const WorkerContext& context) {
    SessionOptions options = session_options(context);
    options.limits = {kNever, kNever, kNever, {}, /*behind_proxy=*/true};
    return options;
  }
};

}  // namespace

extern const Mode mode_passthru{
    .name = "passthru",
    .summary = "the master reads each head and proxies request and response",
    .color = "#009e73",
    .reads_heads = true,
    .has_relay = true,
    .run_master = host_role<PassthruMaster, MasterContext>,
    .run_worker = host_role<PassthruWorker, WorkerContext>,
};

}  // namespace urb
