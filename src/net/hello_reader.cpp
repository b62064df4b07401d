// Looking at hellos.
#include "net/hello_reader.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace urb {
namespace {

// A guess: long enough not to spin, and short beside a handshake over a network.
constexpr __kernel_timespec kPause{.tv_sec = 0, .tv_nsec = 50'000'000};

}  // namespace

HelloReader::HelloReader(Ring& ring, std::uint8_t owner, LingeringClose& lingering_close,
                         Counters& counters, Nanos timeout, std::size_t connection_capacity)
    : ring_{ring},
      operations_{ring, owner},
      lingering_close_{lingering_close},
      counters_{counters},
      // Plain: no other receive than RECV can peek.
      buffers_{ring, {BufferKind::plain, kBufferCount, tls::kClientHelloMax, 0}},
      deadlines_{{timeout}},
      readers_{connection_capacity} {}

void HelloReader::begin(Socket socket) noexcept {
  Reader* const reader = readers_.try_emplace();
  if (reader == nullptr) {  // dropped, like a connection that no descriptor was left for
    counters_.slots_exhausted.add();
    counters_.accept_errors.add();
    counters_.connections_closed.add();
    return;
  }
  reader->socket = std::move(socket);
  if (stopping_) return depart(*reader, Departure::close);
  deadlines_.arm(*reader, 0, ring_.now());
  want_look(*reader, false);
}

// The sessions' rule: receive directly while buffers are plenty, poll first when they are few.
void HelloReader::want_look(Reader& reader, bool is_readable) noexcept {
  if (!is_readable && buffers_.free_count() <= kBufferCount / 2) return arm_poll(reader);
  reader.lease = buffers_.try_take();
  if (!reader.lease.is_held()) {
    counters_.buffers_starved.add();
    return waiting_.push_back(reader);
  }
  reader.socket.prep_recv(operations_.arm(reader, Op::look), reader.lease.memory(), MSG_PEEK);
}

void HelloReader::arm_poll(Reader& reader) noexcept {
  reader.socket.prep_poll(operations_.arm(reader, Op::poll), POLLIN | POLLRDHUP);
}

void HelloReader::pause(Reader& reader) noexcept {
  io_uring_prep_timeout(operations_.arm(reader, Op::pause), const_cast<__kernel_timespec*>(&kPause),
                        0, 0);  // only read from
}

std::optional<SeenHello> HelloReader::on_completion(const Completion& done) noexcept {
  Reader& reader = operations_.finish(readers_, done);
  if (reader.departure != Departure::none) {
    finish_departure(reader);
    return {};
  }
  switch (operations_.op_of(done)) {
    case Op::look: return on_look(reader, done.result);
    case Op::poll:
      // Whatever else it was, the look will say it.
      if (done.result > 0) {
        constexpr int kEnd = POLLRDHUP | POLLHUP | POLLERR;
        reader.has_ended = reader.has_ended || (done.result & kEnd) != 0;
      }
      want_look(reader, true);
      return {};
    case Op::pause: arm_poll(reader); return {};
  }
  return {};
}

std::optional<SeenHello> HelloReader::on_look(Reader& reader, int result) noexcept {
  if (result <= 0) {
    reader.lease.give_back();
    if (result == -EINTR) {
      want_look(reader, true);
    } else {
      depart(reader, Departure::close);
    }
    return {};
  }
  const auto bytes = static_cast<std::size_t>(result);
  const tls::ClientHello hello = tls::read_client_hello(reader.lease.memory().first(bytes));
  reader.lease.give_back();
  switch (hello.status) {
    case tls::ClientHello::Status::complete: return take(reader, hello.name_hash);
    case tls::ClientHello::Status::need_more: on_part(reader, bytes, hello.needed); break;
    case tls::ClientHello::Status::refused:
      reader.alert = hello.alert;
      depart(reader, Departure::lingering_close);
      break;
  }
  return {};
}

void HelloReader::on_part(Reader& reader, std::size_t bytes, std::size_t needed) noexcept {
  if (reader.has_ended) return depart(reader, Departure::close);
  const bool is_new = bytes > std::exchange(reader.seen, bytes);
  set_low_water(reader, needed);
  is_new ? arm_poll(reader) : pause(reader);
}

SeenHello HelloReader::take(Reader& reader, std::optional<std::uint64_t> name_hash) noexcept {
  URB_ASSERT(reader.in_flight.none());
  set_low_water(reader, kAnyByte);  // whoever gets the socket knows of no mark
  SeenHello seen{std::move(reader.socket), name_hash};
  counters_.hellos_seen.add();
  deadlines_.disarm(reader);
  readers_.release(reader);
  return seen;
}

void HelloReader::set_low_water(Reader& reader, std::size_t bytes) noexcept {
  const int mark = static_cast<int>(bytes);
  if (std::exchange(reader.low_water, mark) != mark) reader.socket.set_low_water(reader.low_water);
}

void HelloReader::depart(Reader& reader, Departure departure) noexcept {
  deadlines_.disarm(reader);
  waiting_.remove(reader);
  if (std::exchange(reader.departure, departure) == Departure::none) {
    counters_.handshake_errors.add();
    operations_.cancel_all(reader);
  }
  finish_departure(reader);
}

void HelloReader::finish_departure(Reader& reader) noexcept {
  if (!reader.in_flight.none()) return;
  reader.lease.give_back();
  if (reader.departure == Departure::lingering_close) {
    // Nothing is sealed yet: a record with a fatal alert (RFC 8446, 5.1 and 6).
    const std::array<char, 7> record{
        21, 3, 1, 0, 2, 2, static_cast<char>(reader.alert.value_or(0))};
    const std::string_view alert{record.data(), reader.alert ? record.size() : 0};
    Socket socket = std::move(reader.socket);
    readers_.release(reader);
    return lingering_close_.begin_with(std::move(socket), alert, ring_.now());
  }
  counters_.connections_closed.add();
  reader.socket.end(ring_);
  readers_.release(reader);
}

void HelloReader::on_batch_end(Nanos) noexcept {
  while (buffers_.free_count() != 0) {
    Reader* const reader = waiting_.pop_front();
    if (reader == nullptr) return;
    want_look(*reader, true);
  }
}

void HelloReader::on_deadline(Nanos now) noexcept {
  while (Reader* const reader = deadlines_.take_due(now)) depart(*reader, Departure::close);
}

void HelloReader::begin_stop() noexcept {
  stopping_ = true;
  readers_.for_each([this](Reader& reader) { depart(reader, Departure::close); });
}

}  // namespace urb
