// Wiring of channel, sessions and farewell.
#include "mode/adopting_worker.hpp"

#include <algorithm>
#include <utility>

namespace urb {
namespace {

constexpr std::uint16_t kChannelBufferGroup = 1;  // the sessions' is 0
constexpr std::size_t kFarewellsMax = 1024;

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
      farewell_{ring, kFarewell, context.counters, kFarewellsMax},
      sessions_{ring, kSessions, farewell_, context.counters, options} {}

void AdoptingWorker::on_completion(const Completion& done) noexcept {
  switch (done.token.owner) {
    case kReceiver:
      receiver_.on_completion(
          done, [this](Fd socket, BufferLease prefix, std::size_t begin, std::size_t end) {
            sessions_.adopt(std::move(socket), std::move(prefix), begin, end);
          });
      break;
    case kSessions: sessions_.on_completion(done); break;
    case kFarewell: farewell_.on_completion(done); break;
    default: URB_ASSERT(false);
  }
}

void AdoptingWorker::on_batch_end(Nanos now) noexcept {
  receiver_.on_batch_end();
  sessions_.on_batch_end(now);
  if (receiver_.has_ended()) begin_stop();
}

Nanos AdoptingWorker::next_deadline() noexcept {
  return std::min(sessions_.next_deadline(), farewell_.next_deadline());
}

void AdoptingWorker::on_deadline(Nanos now) noexcept {
  sessions_.on_deadline(now);
  farewell_.on_deadline(now);
}

void AdoptingWorker::begin_stop() noexcept {
  if (std::exchange(stopping_, true)) return;
  sessions_.begin_stop();
}

void AdoptingWorker::cut_off() noexcept {
  begin_stop();
  sessions_.cut_off();
  farewell_.cut_off();
}

// Not before the channel has ended: what the master has already sent is still to be served.
bool AdoptingWorker::is_idle() noexcept {
  return stopping_ && receiver_.has_ended() && sessions_.is_idle() && farewell_.is_idle();
}

}  // namespace urb
