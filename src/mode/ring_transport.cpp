// Hellos, and what is sent where.
#include "mode/ring_transport.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/clock.hpp"

namespace urb {
namespace {

// The sender numbers its operations from 0.
constexpr std::uint8_t kHelloOp = 0xFF;
// A worker's set-up takes milliseconds; this only bounds a machine that is out of memory.
constexpr Nanos kHelloMax = std::chrono::seconds{30};

}  // namespace

RingTransport::RingTransport(Ring& ring, std::uint8_t owner, MasterContext& context,
                             Placement& placement)
    : RingHandoverSender{ring,
                         owner,
                         context.config.workers,
                         context.shared,
                         context.counters,
                         context.connection_capacity},
      ring_{ring},
      owner_{owner},
      context_{context},
      placement_{placement},
      generations_(context.config.workers) {
  ring.make_file_table(static_cast<unsigned>(context.connection_capacity));
}

void RingTransport::start() {
  const Nanos deadline = monotonic_now() + kHelloMax;
  for (unsigned worker = 0; worker < context_.config.workers; ++worker) {
    pollfd readable{context_.channels[worker], POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - monotonic_now());
    if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0) {
      throw std::runtime_error("a worker did not become ready in time");
    }
    Fd taken = take_ring(worker);
    if (!taken.is_open()) throw std::runtime_error("a worker said nothing of its ring");
    connect(worker, std::move(taken));
  }
}

Fd RingTransport::take_ring(unsigned worker) {
  RingHello hello;
  const ssize_t size = recv(context_.channels[worker], &hello, sizeof hello, MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return {};
  if (size != sizeof hello || hello.magic != RingHello::kMagic) {
    throw std::runtime_error("a worker ended before it was ready");
  }
  return context_.take_descriptor(worker, hello.ring_fd);
}

void RingTransport::on_completion(const Completion& done) noexcept {
  if (done.token.op != kHelloOp) return RingHandoverSender::on_completion(done);
  const unsigned worker = done.token.slot_index;
  // The end of a channel whose worker is dead: the one that has its place may not be ready yet.
  if (done.token.generation != generations_[worker]) return;
  try {
    Fd taken = take_ring(worker);
    if (!taken.is_open()) return await_hello(worker);
    connect(worker, std::move(taken));
    placement_.set_present(worker, true);
  } catch (const std::exception&) {
    // It has died again, and on_worker_lost() follows; or the system is out of descriptors, and a
    // worker that cannot be reached is of no use.
    context_.kill_worker(worker);
  }
}

void RingTransport::on_worker_lost(unsigned worker) noexcept {
  placement_.set_present(worker, false);
  disconnect(worker);
  ++generations_[worker];
}

// It gets nothing before it has said hello.
void RingTransport::on_worker_back(unsigned worker) noexcept { await_hello(worker); }

void RingTransport::await_hello(unsigned worker) noexcept {
  io_uring_prep_poll_add(ring_.sqe({owner_, kHelloOp, generations_[worker], worker}),
                         context_.channels[worker], POLLIN);
}

void RingTransport::cut_off() noexcept {
  RingHandoverSender::cut_off();
  // What has been sent to a worker that does not run cannot be taken back, only ended with it.
  for (unsigned worker = 0; worker < context_.config.workers; ++worker) {
    if (is_awaited(worker)) context_.kill_worker(worker);
  }
}

}  // namespace urb
