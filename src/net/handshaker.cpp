// Handshakes on readiness.
#include "net/handshaker.hpp"

#include <poll.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <utility>

namespace urb {

Handshaker::Handshaker(Ring& ring, std::uint8_t owner, LingeringClose& failures, Counters& counters,
                       const tls::Serving& serving, std::size_t capacity, HandshakeInto into)
    : ring_{ring},
      operations_{ring, owner},
      failures_{failures},
      counters_{counters},
      into_{into},
      context_{tls::Context::for_kernel(serving.identity, serving.resumes)},
      deadlines_{{serving.handshake_timeout}},
      clients_{capacity} {}

void Handshaker::begin(Socket socket) noexcept {
  Client* const client = clients_.try_emplace(std::move(socket), context_);
  if (client == nullptr) {  // dropped, like a connection that no descriptor was left for
    counters_.slots_exhausted.add();
    counters_.accept_errors.add();
    counters_.connections_closed.add();
    return;
  }
  if (stopping_) {
    counters_.handshake_errors.add();
    client->is_closing = true;
    return close(*client);
  }
  deadlines_.arm(*client, 0, ring_.now());
  arm_poll(*client);
}

void Handshaker::arm_poll(Client& client) noexcept {
  client.socket.prep_poll(operations_.arm(client, Op::poll), POLLIN | POLLRDHUP);
}

void Handshaker::wait(Client& client) noexcept {
  client.write_wait.prep(operations_.arm(client, Op::wait), client.socket);
}

Socket Handshaker::on_completion(const Completion& done) noexcept {
  Client& client = operations_.finish(clients_, done);
  if (operations_.op_of(done) == Op::install) return on_installed(client, done.result);
  if (client.is_closing) {
    close(client);
    return {};
  }
  if (operations_.op_of(done) == Op::wait && !on_wait(client, done)) return {};
  return advance(client);  // whatever the poll says, the library finds it
}

// False while there is no room, and where the wait is over for good.
bool Handshaker::on_wait(Client& client, const Completion& done) noexcept {
  switch (client.write_wait.on_completion(done)) {
    case WriteWait::Step::wait: return false;
    case WriteWait::Step::cancel: operations_.cancel(client, Op::wait); return false;
    case WriteWait::Step::again: wait(client); return false;
    case WriteWait::Step::go_on: return true;
    case WriteWait::Step::fail: break;
  }
  counters_.handshake_errors.add();
  deadlines_.disarm(client);
  client.is_closing = true;
  close(client);
  return false;
}

Socket Handshaker::advance(Client& client) noexcept {
  switch (client.handshake->advance()) {
    case tls::KernelHandshake::Step::wants_input: arm_poll(client); return {};
    case tls::KernelHandshake::Step::wants_output: wait(client); return {};
    case tls::KernelHandshake::Step::done: return on_done(client);
    case tls::KernelHandshake::Step::failed: break;
  }
  // The alert that says why must not be destroyed by a reset.
  counters_.handshake_errors.add();
  deadlines_.disarm(client);
  Socket socket = std::move(client.socket);
  clients_.release(client);
  failures_.begin(std::move(socket), 0, ring_.now());
  return {};
}

Socket Handshaker::on_done(Client& client) noexcept {
  deadlines_.disarm(client);
  counters_.handshakes.add();
  if (client.handshake->is_resumed()) counters_.handshakes_resumed.add();
  const bool is_offloaded = client.handshake->is_offloaded();
  client.handshake.reset();
  if (!is_offloaded) {
    counters_.tls_not_offloaded.add();
    client.is_closing = true;
    close(client);
    return {};
  }
  if (into_.kind == AcceptInto::slot) {
    client.slot = client.socket.fd();
    io_uring_prep_files_update(operations_.arm(client, Op::install), &client.slot, 1,
                               static_cast<int>(IORING_FILE_INDEX_ALLOC));
    return {};
  }
  if (into_.blocks) {
    int is_nonblocking = 0;
    ioctl(client.socket.fd(), FIONBIO, &is_nonblocking);
  }
  Socket socket = std::move(client.socket);
  clients_.release(client);
  return socket;
}

Socket Handshaker::on_installed(Client& client, int result) noexcept {
  if (result != 1) {  // its table is full, as the system's may be (io_uring/rsrc.c, 6.18)
    counters_.accept_errors.add();
    counters_.count_shortage(result == -ENFILE ? EMFILE : -result);
    client.is_closing = true;
    close(client);
    return {};
  }
  Socket installed{ring_, static_cast<std::uint32_t>(client.slot)};
  const bool is_closing = client.is_closing;
  client.socket.prep_close(ring_.detached_sqe());  // the table has a reference of its own
  clients_.release(client);
  if (!is_closing) return installed;
  counters_.connections_closed.add();
  installed.end(ring_);
  return {};
}

// The last step of an ending, once nothing is in flight.
void Handshaker::close(Client& client) noexcept {
  if (!client.in_flight.none()) return;
  counters_.connections_closed.add();
  client.handshake.reset();
  client.socket.end(ring_);
  clients_.release(client);
}

void Handshaker::on_deadline(Nanos now) noexcept {
  while (Client* const client = deadlines_.take_due(now)) {
    counters_.handshake_errors.add();
    client->is_closing = true;
    operations_.cancel_all(*client);
    close(*client);
  }
}

void Handshaker::begin_stop() noexcept {
  stopping_ = true;
  clients_.for_each([this](Client& client) {
    if (client.is_closing) return;
    // One that is over is being installed, and closes behind that.
    counters_.handshake_errors.add(client.handshake ? 1 : 0);
    deadlines_.disarm(client);
    client.is_closing = true;
    operations_.cancel(client, Op::poll, Op::wait);
    close(client);
  });
}

}  // namespace urb
