// Hello, and sockets out of the ring.
#include "mode/ring_worker.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "mode/ring_transport.hpp"

namespace urb {
namespace {

// Before the parts that use it.
Ring& with_file_table(Ring& ring, std::size_t slots) {
  ring.make_file_table(static_cast<unsigned>(slots));
  return ring;
}

}  // namespace

template <class Wire>
BasicRingWorker<Wire>::BasicRingWorker(Ring& ring, WorkerContext& context)
    : ring_{with_file_table(ring, context.connection_capacity)},
      channel_{context.channel},
      worker_{ring, context},
      receiver_{ring, context.shared} {}

template <class Wire>
void BasicRingWorker<Wire>::start() {
  Base::start();
  const RingHello hello{RingHello::kMagic, ring_.raw()->ring_fd};
  // A master that has begun to stop has closed its end: the order to finish, which the worker sees
  // by itself.
  if (send(channel_, &hello, sizeof hello, MSG_NOSIGNAL) < 0 && errno != EPIPE) {
    throw_errno("send of the ring's number");
  }
}

template <class Wire>
void BasicRingWorker<Wire>::on_completion(const Completion& done) noexcept {
  if (done.token.owner != kMessageOwner) return worker_.on_completion(done);
  receiver_.on_completion(done, adopter());
}

template <class Wire>
void BasicRingWorker<Wire>::on_batch_end(Nanos now) noexcept {
  Base::on_batch_end(now);
  receiver_.adopt_waiting(adopter());
}

template class BasicRingWorker<PlainWire>;
template class BasicRingWorker<TlsWire>;
template class BasicRingWorker<KtlsWire>;

}  // namespace urb
