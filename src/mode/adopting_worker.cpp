// Wiring of channel, sessions and lingering close.
#include "mode/adopting_worker.hpp"

#include <algorithm>
#include <utility>

namespace urb {
namespace {

constexpr std::uint16_t kChannelBufferGroup = 1;  // the sessions' is 0
constexpr std::size_t kLingeringClosesMax = 1024;

}  // namespace

SessionOptions session_options(const WorkerContext& context) {
  SessionOptions options;
  options.mode = context.config.mode;
  options.worker_index = context.index;
  options.response_bytes = context.config.response_bytes;
  options.limits = context.config.limits;
  options.buffers = context.config.buffers;
  options.connection_capacity = context.connection_capacity;
  return options;
}

AdoptingWorker::AdoptingWorker(Ring& ring, WorkerContext& context, const SessionOptions& options)
    : receiver_{ring, kReceiver, context.channel, kChannelBufferGroup, context.counters},
      lingering_close_{ring, kLingeringClose, context.counters, kLingeringClosesMax},
      sessions_{ring, kSessions, lingering_close_, context.counters, options} {}

void AdoptingWorker::on_completion(const Completion& done) noexcept {
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

void AdoptingWorker::on_batch_end(Nanos now) noexcept {
  receiver_.on_batch_end();
  sessions_.on_batch_end(now);
  if (receiver_.has_ended()) begin_stop();
}

Nanos AdoptingWorker::next_deadline() noexcept {
  return std::min(sessions_.next_deadline(), lingering_close_.next_deadline());
}

void AdoptingWorker::on_deadline(Nanos now) noexcept {
  sessions_.on_deadline(now);
  lingering_close_.on_deadline(now);
}

void AdoptingWorker::begin_stop() noexcept {
  if (std::exchange(stopping_, true)) return;
  sessions_.begin_stop();
}

void AdoptingWorker::cut_off() noexcept {
  begin_stop();
  sessions_.cut_off();
  lingering_close_.cut_off();
}

// Not before the channel has ended: what the master has already sent is still to be served.
bool AdoptingWorker::is_idle() noexcept {
  return stopping_ && receiver_.has_ended() && sessions_.is_idle() && lingering_close_.is_idle();
}

}  // namespace urb
