// passthru: the master accepts, reads each head, chooses a worker by it, and proxies head, body and
// response through a socket pair to that worker. The choice is made per request, and every byte
// passes through the master.
#include <fcntl.h>

#include <cerrno>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "base/refusal.hpp"
#include "mode/adopting_worker.hpp"
#include "mode/head_buffers.hpp"
#include "mode/parts.hpp"
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

class PassthruMaster : public Parts<PassthruMaster> {
 public:
  PassthruMaster(Ring& ring, MasterContext& context)
      : ring_{ring},
        config_{context.config},
        counters_{context.counters},
        buffers_{ring, head_buffer_options(context.config)},
        acceptor_{ring, kAcceptor, context.listener, SOCK_NONBLOCK, context.counters},
        lingering_close_{ring, kLingeringClose, context.counters},
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
               {.spare_count = kSpareStores, .idle_timeout = context.config.limits.idle_timeout}},
        exchanges_{ring,
                   kExchanges,
                   {buffers_, relay_, upstreams_, lingering_close_, context.counters},
                   context.config.limits,
                   context.connection_capacity},
        placement_{context.config.policy.value_or(Policy::rr), context.config.workers,
                   context.config.seed} {}

  void start() {
    if (config_.relay == RelayKind::linked) require_kernel_thread("use --relay sync or copy");
    if (config_.relay == RelayKind::sync) require_splice_call();
    Parts::start();
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
    settle();  // what a deadline has ended
    if (stopping_ && exchanges_.is_idle()) upstreams_.clear();
    Parts::on_batch_end(now);
  }
  void begin_stop() noexcept {
    stopping_ = true;
    Parts::begin_stop();
  }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kHeads, kExchanges, kRelay, kSender, kLingeringClose };
  friend class Parts<PassthruMaster>;
  // The sender is last: it sends what the others have given it. Exchanges in flight with a worker
  // that is lost see the end of their upstreams by themselves.
  auto parts() noexcept {
    return std::tie(acceptor_, heads_, exchanges_, relay_, lingering_close_, placement_, upstreams_,
                    sender_);
  }

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
    .reads_heads = true,
    .has_relay = true,
    .run_master = host_role<PassthruMaster, MasterContext>,
    .run_worker = host_role<PassthruWorker, WorkerContext>,
};

}  // namespace urb
