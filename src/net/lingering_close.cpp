// Lingering close.
#include "net/lingering_close.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace urb {

bool has_unread_input(int socket) noexcept {
  int bytes = 0;
  return ioctl(socket, FIONREAD, &bytes) == 0 && bytes != 0;
}

LingeringClose::LingeringClose(Ring& ring, std::uint8_t owner, Counters& counters,
                               std::size_t capacity, EndBy end_by)
    : ring_{ring},
      operations_{ring, owner},
      counters_{counters},
      end_by_{end_by},
      deadlines_{{kLingerIdle, kLookAgain, 2 * kLookAgain, 4 * kLookAgain, 8 * kLookAgain,
                  16 * kLookAgain, 32 * kLookAgain}},
      leavers_{capacity} {}

LingeringClose::Leaver* LingeringClose::take_in(Socket socket, Nanos now) noexcept {
  Leaver* const leaver = leavers_.try_emplace();
  if (leaver == nullptr) {
    counters_.connections_closed.add();
    counters_.tls_ends_cut.add(end_by_ == EndBy::close_notify ? 1 : 0);
    return nullptr;
  }
  leaver->socket = std::move(socket);
  leaver->ends = now + kLingerMax;
  deadlines_.arm(*leaver, kIdleDeadline, now);
  return leaver;
}

void LingeringClose::begin_with(Socket socket, std::string_view bytes, Nanos now) noexcept {
  Leaver* const leaver = take_in(std::move(socket), now);
  if (leaver == nullptr) return;
  if (bytes.empty() || bytes.size() > leaver->response.size()) return end_our_side(*leaver);
  leaver->response_bytes = bytes.copy(leaver->response.data(), bytes.size());
  send(*leaver);
}

void LingeringClose::begin(Socket socket, int status, Nanos now, bool is_head_method,
                           bool peer_has_ended) noexcept {
  Leaver* const leaver = take_in(std::move(socket), now);
  if (leaver == nullptr) return;
  leaver->has_said_end = peer_has_ended;
  if (status == 0) return end_our_side(*leaver);
  counters_.request_errors.add();
  leaver->response_bytes =
      http::write_error(leaver->response, status, is_head_method, date_.at(now));
  send(*leaver);
}

void LingeringClose::send(Leaver& leaver) noexcept {
  leaver.socket.prep_send(
      operations_.arm(leaver, Op::send),
      {leaver.response.data() + leaver.sent_bytes, leaver.response_bytes - leaver.sent_bytes});
}

// A client that has not read its answers before is waited for, as long as it goes on.
void LingeringClose::wait(Leaver& leaver) noexcept {
  leaver.write_wait.prep(operations_.arm(leaver, Op::wait), leaver.socket);
}

void LingeringClose::on_sent(Leaver& leaver, int result) noexcept {
  if (leaver.is_cut) return close(leaver);
  if (result < 0 && result != -EAGAIN && result != -EINTR) return give_up(leaver);
  leaver.sent_bytes += static_cast<std::size_t>(std::max(result, 0));
  if (leaver.sent_bytes != leaver.response_bytes) return wait(leaver);
  end_our_side(leaver);
}

void LingeringClose::on_wait(Leaver& leaver, const Completion& done) noexcept {
  const WriteWait::Step step = leaver.write_wait.on_completion(done);
  if (done.more()) {
    if (step == WriteWait::Step::cancel) operations_.cancel(leaver, Op::wait);
    return;
  }
  if (leaver.is_cut) return close(leaver);
  if (step == WriteWait::Step::fail) return give_up(leaver);
  if (step == WriteWait::Step::again) return wait(leaver);
  leaver.goodbye == Goodbye::none ? send(leaver) : say_goodbye(leaver, leaver.goodbye);
}

// The client sees the end of our side; it may still be sending.
void LingeringClose::end_our_side(Leaver& leaver) noexcept {
  if (end_by_ == EndBy::close_notify) return say_goodbye(leaver, Goodbye::end);
  if (leaver.socket.is_direct()) {
    leaver.socket.prep_shutdown(operations_.arm(leaver, Op::shutdown), SHUT_WR);
  } else {
    shutdown(leaver.socket.fd(), SHUT_WR);  // fails only where the peer was faster
  }
  drain(leaver);
}

void LingeringClose::drain(Leaver& leaver) noexcept {
  if (end_by_ == EndBy::close_notify) {
    return leaver.record.prep(operations_.arm(leaver, Op::drain), leaver.socket, dropped_);
  }
  leaver.socket.prep_recv(operations_.arm(leaver, Op::drain), dropped_);
}

void LingeringClose::close(Leaver& leaver) noexcept {
  deadlines_.disarm(leaver);
  if (!leaver.in_flight.none()) return;  // the shutdown or a look, whose completion comes back
  counters_.connections_closed.add();
  leaver.socket.end(ring_);
  leavers_.release(leaver);
}

void LingeringClose::on_completion(const Completion& done) noexcept {
  Leaver& leaver = operations_.finish(leavers_, done);
  leaver.has_moved = true;
  switch (operations_.op_of(done)) {
    case Op::send:
      if (leaver.goodbye == Goodbye::none || leaver.is_cut) return on_sent(leaver, done.result);
      return on_goodbye_sent(leaver, done.result);
    case Op::wait: return on_wait(leaver, done);
    case Op::drain:
      if (leaver.is_cut) return close(leaver);
      if (end_by_ == EndBy::close_notify) return on_drained(leaver, done.result);
      return done.result <= 0 ? close(leaver) : drain(leaver);
    case Op::look:
      if (leaver.is_cut) {
        counters_.tls_ends_cut.add(done.result > 0 ? 1 : 0);
        return close(leaver);
      }
      return on_look(leaver, static_cast<std::uint64_t>(std::max(done.result, 0)), ring_.now());
    case Op::shutdown:
      if (leaver.in_flight.none()) close(leaver);  // the drain has ended before
      return;
  }
}

void LingeringClose::on_deadline(Nanos now) noexcept {
  while (Leaver* const leaver = deadlines_.take_due(now)) {
    const bool has_moved = std::exchange(leaver->has_moved, false) && now < leaver->ends;
    if (has_moved && leaver->deadline.kind == kIdleDeadline) {
      deadlines_.arm(*leaver, kIdleDeadline, now);
    } else if (end_by_ == EndBy::close_notify) {
      look(*leaver, now);
    } else {
      cut(*leaver);
    }
  }
}

void LingeringClose::cut(Leaver& leaver) noexcept {
  leaver.is_cut = true;
  deadlines_.disarm(leaver);
  operations_.cancel(leaver, Op::wait);
  // Wakes the pending poll or receive, whose last completion closes.
  if (leaver.socket.is_direct()) {
    operations_.cancel(leaver, Op::drain);
  } else {
    shutdown(leaver.socket.fd(), SHUT_RDWR);
  }
  if (leaver.in_flight.none()) close(leaver);  // it waited for its next look
}

void LingeringClose::cut_off() noexcept {
  leavers_.for_each([this](Leaver& leaver) { give_up(leaver); });
}

}  // namespace urb
