// Receiving and delimiting heads.
#include "net/head_reader.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/handover.hpp"

namespace urb {
namespace {

static_assert(kHeadReadArea <= kHandoverPrefixMax);
// Every parser limit is met before the area is full, so a read always has room.
static_assert(kHeadReadArea > http::kRequestLineBytesMax + http::kHeadBytesMax);
// What is read beyond the head is body that has to be copied once more on its way to the worker, so
// the first read is small; a head rarely has more (a guess, from browsers' requests).
constexpr std::size_t kFirstReadBytes = 4 * 1024;

}  // namespace

HeadReader::HeadReader(Ring& ring, std::uint8_t owner, BufferPool& buffers,
                       LingeringClose& lingering_close, Counters& counters,
                       const http::Limits& limits, std::size_t connection_capacity)
    : ring_{ring},
      operations_{ring, owner},
      buffers_{buffers},
      lingering_close_{lingering_close},
      counters_{counters},
      limits_{limits},
      deadlines_{{limits.header_timeout, limits.idle_timeout}},
      readers_{connection_capacity} {
  URB_ASSERT(!is_provided(buffers.kind()) && buffers.buffer_bytes() == kHeadBufferBytes);
}

std::optional<ReadHead> HeadReader::begin(Socket socket) noexcept {
  Reader* const reader = readers_.try_emplace(limits_.max_body);
  if (reader != nullptr) reader->socket = std::move(socket);
  return admit(reader);
}

std::optional<ReadHead> HeadReader::begin_next(Socket socket, BufferLease lease, std::size_t begin,
                                               std::size_t end,
                                               std::vector<std::byte> parked) noexcept {
  Reader* const reader = readers_.try_emplace(limits_.max_body);
  if (reader != nullptr) {
    reader->socket = std::move(socket);
    reader->is_next = true;
    if (begin != end) {
      // To the front, so that the whole area is there for the rest of the head.
      std::byte* const memory = lease.memory().data();
      std::memmove(memory, memory + begin, end - begin);
      reader->lease = std::move(lease);
      reader->end = end - begin;
    } else if (!parked.empty()) {
      reader->end = parked.size();
      reader->parked = std::move(parked);
    }
  }
  return admit(reader);
}

std::optional<ReadHead> HeadReader::admit(Reader* reader) noexcept {
  if (reader == nullptr) {  // dropped, like a connection that no descriptor was left for
    counters_.slots_exhausted.add();
    counters_.accept_errors.add();
    counters_.connections_closed.add();
    return {};
  }
  if (stopping_ && reader->end == 0) {
    depart(*reader, departure_in_order(), 0);
    return {};
  }
  return advance(*reader);
}

std::optional<ReadHead> HeadReader::advance(Reader& reader) noexcept {
  if (reader.parsed < reader.end && reader.lease.is_held()) {
    const auto fresh = reader.lease.memory().first(reader.end).subspan(reader.parsed);
    const http::ParseStep step = reader.parser.parse(fresh);
    reader.parsed += step.consumed;
    switch (step.status) {
      case http::ParseStatus::need_more: break;
      case http::ParseStatus::head_complete: return take(reader);
      default: depart(reader, Departure::lingering_close, reader.parser.error_status()); return {};
    }
  }
  renew_deadline(reader);
  want_read(reader, false);
  return {};
}

ReadHead HeadReader::take(Reader& reader) noexcept {
  URB_ASSERT(reader.in_flight.none());
  ReadHead out{std::move(reader.socket), std::move(reader.lease), 0, reader.parsed, reader.end,
               reader.parser.head()};
  counters_.heads_read.add();
  deadlines_.disarm(reader);
  readers_.release(reader);
  return out;
}

void HeadReader::want_read(Reader& reader, bool is_readable) noexcept {
  // The sessions' rule: read directly while buffers are plenty, poll first when they are few.
  const bool is_unparsed = reader.parsed < reader.end;  // only of what was parked by another
  if (!is_readable && !is_unparsed && buffers_.free_count() <= buffers_.buffer_count() / 2) {
    if (reader.lease.is_held()) park(reader);
    return reader.socket.prep_poll(operations_.arm(reader, Op::poll), POLLIN | POLLRDHUP);
  }
  if (!reader.lease.is_held()) reader.lease = buffers_.try_take();
  if (reader.lease.is_held()) return arm_read(reader);
  counters_.buffers_starved.add();
  waiting_.push_back(reader);
}

void HeadReader::park(Reader& reader) noexcept {
  const auto bytes = reader.lease.memory().first(reader.end);
  reader.parked.assign(bytes.begin(), bytes.end());
  reader.lease.give_back();
}

void HeadReader::arm_read(Reader& reader) noexcept {
  std::copy(reader.parked.begin(), reader.parked.end(), reader.lease.memory().begin());
  reader.parked = {};
  if (reader.parsed < reader.end) {
    return io_uring_prep_nop(operations_.arm(reader, Op::parse));
  }
  const std::size_t room = kHeadReadArea - reader.end;
  const std::size_t wanted = reader.end == 0 ? kFirstReadBytes : room;
  URB_ASSERT(room != 0);
  buffers_.prep_read(operations_.arm(reader, Op::read), reader.socket,
                     reader.lease.memory().subspan(reader.end, std::min(wanted, room)));
}

std::optional<ReadHead> HeadReader::on_completion(const Completion& done) noexcept {
  Reader& reader = operations_.finish(readers_, done);
  if (reader.departure != Departure::none) {
    finish_departure(reader);
    return {};
  }
  switch (operations_.op_of(done)) {
    case Op::read: return on_read(reader, done.result);
    case Op::poll: want_read(reader, done.result >= 0); return {};
    case Op::parse: return advance(reader);
    case Op::record: on_record(reader, done.result); return {};
  }
  return {};
}

std::optional<ReadHead> HeadReader::on_read(Reader& reader, int result) noexcept {
  if (result > 0) {
    reader.end += static_cast<std::size_t>(result);
    return advance(reader);
  }
  if (result == -EINTR) {
    want_read(reader, true);
    return {};
  }
  // Where the kernel does TLS: the next record is none of data.
  if (result == -EIO && lingering_close_.end_by() == EndBy::close_notify) {
    if (!reader.record) reader.record = std::make_unique<RecordReceive>();
    reader.record->prep(operations_.arm(reader, Op::record), reader.socket);
    return {};
  }
  on_end(reader, result);
  return {};
}

void HeadReader::on_record(Reader& reader, int result) noexcept {
  switch (reader.record->event(result)) {
    case RecordEvent::nothing: return want_read(reader, false);
    case RecordEvent::end: return on_end(reader, 0);
    case RecordEvent::refused:
      counters_.tls_errors.add();
      return depart(reader, Departure::refusal, 0);
    case RecordEvent::data:  // which EIO never says
    case RecordEvent::failed: break;
  }
  on_end(reader, result);
}

// `result`, of a receive, is not 0 where something broke the connection.
void HeadReader::on_end(Reader& reader, int result) noexcept {
  reader.peer_ended = result == 0;
  const bool is_cut = result != 0 || reader.end != 0;
  if (is_cut) (is_of_tls(result) ? counters_.tls_errors : counters_.connection_resets).add();
  depart(reader, is_cut ? Departure::close : departure_in_order(), 0);
}

void HeadReader::depart(Reader& reader, Departure departure, int status) noexcept {
  deadlines_.disarm(reader);
  waiting_.remove(reader);
  const bool is_new = reader.departure == Departure::none;
  reader.departure = departure;
  reader.status = status;
  if (is_new) operations_.cancel(reader, Op::read, Op::poll, Op::record);
  finish_departure(reader);
}

void HeadReader::finish_departure(Reader& reader) noexcept {
  if (!reader.in_flight.none()) return;
  reader.lease.give_back();
  if (reader.departure == Departure::lingering_close) {
    Socket socket = std::move(reader.socket);
    const int status = reader.status;
    const bool is_head = reader.parser.head().is_head_method;
    const bool peer_ended = reader.peer_ended;
    readers_.release(reader);
    lingering_close_.begin(std::move(socket), status, ring_.now(), is_head, peer_ended);
    return;
  }
  if (reader.departure == Departure::refusal) {
    Socket socket = std::move(reader.socket);
    readers_.release(reader);
    return lingering_close_.begin_refusal(std::move(socket), ring_.now());
  }
  counters_.connections_closed.add();
  reader.socket.end(ring_);
  readers_.release(reader);
}

void HeadReader::renew_deadline(Reader& reader) noexcept {
  const std::size_t kind = reader.is_next && reader.end == 0 ? kIdleDeadline : kHeaderDeadline;
  // The header deadline is for the whole head: more bytes of it do not renew it.
  if (!reader.deadline.is_armed() || reader.deadline.kind != kind) {
    deadlines_.arm(reader, kind, ring_.now());
  }
}

void HeadReader::on_batch_end(Nanos) noexcept {
  while (buffers_.free_count() != 0) {
    Reader* const reader = waiting_.pop_front();
    if (reader == nullptr) return;
    want_read(*reader, true);
  }
}

void HeadReader::on_deadline(Nanos now) noexcept {
  while (Reader* const reader = deadlines_.take_due(now)) {
    const bool has_begun = reader->end != 0;
    depart(*reader, has_begun ? Departure::lingering_close : departure_in_order(),
           has_begun ? 408 : 0);
  }
}

void HeadReader::begin_stop() noexcept {
  stopping_ = true;
  readers_.for_each([this](Reader& reader) {
    if (reader.end != 0 || reader.departure != Departure::none) return;
    depart(reader, departure_in_order(), 0);
  });
}

void HeadReader::cut_off() noexcept {
  readers_.for_each([this](Reader& reader) { depart(reader, Departure::close, 0); });
}

}  // namespace urb
