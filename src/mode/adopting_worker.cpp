// Wiring of channel, sessions and lingering close.
#include "mode/adopting_worker.hpp"

#include <utility>

namespace urb {
namespace {

constexpr std::uint16_t kChannelBufferGroup = 1;  // the sessions' is 0

}  // namespace

SessionOptions session_options(const WorkerContext& context) {
  SessionOptions options;
  options.mode = context.config.mode;
  options.worker_index = context.index;
  options.response_bytes = context.config.response_bytes;
  options.limits = context.config.limits;
  options.buffers = context.config.buffers;
  options.faults = context.config.faults;
  options.connection_capacity = context.connection_capacity;
  options.tls = &context.config.tls;
  return options;
}

template <class Wire>
BasicAdoptingWorker<Wire>::BasicAdoptingWorker(Ring& ring, WorkerContext& context,
                                               const SessionOptions& options)
    : receiver_{ring, kReceiver, context.channel, kChannelBufferGroup, context.counters},
      // The last answer of each connection goes through it where the kernel does TLS.
      lingering_close_{ring, kLingeringClose, context.counters,
                       Wire::kIsKernel ? context.connection_capacity : kLingeringClosesMax,
                       Wire::kEndBy},
      sessions_{ring, kSessions, lingering_close_, context.counters, options} {}

template <class Wire>
void BasicAdoptingWorker<Wire>::on_completion(const Completion& done) noexcept {
  switch (done.token.owner) {
    case kReceiver:
      receiver_.on_completion(
          done, [this](Fd socket, BufferLease prefix, std::size_t begin, std::size_t end) {
            sessions_.adopt(std::move(socket), std::move(prefix), begin, end);
          });
      break;
    case kSessions: sessions_.on_completion(done); break;
    case kLingeringClose: lingering_close_.on_completion(done); break;
    default: URB_ASSERT(false);
  }
}

template class BasicAdoptingWorker<PlainWire>;
template class BasicAdoptingWorker<TlsWire>;
template class BasicAdoptingWorker<KtlsWire>;

}  // namespace urb
