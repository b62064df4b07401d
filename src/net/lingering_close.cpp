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
                               std::size_t capacity)
    : ring_{ring},
      owner_{owner},
      counters_{counters},
      deadlines_{{kLingerIdle}},
      leavers_{capacity} {}

void LingeringClose::begin(Socket socket, int status, Nanos now, bool is_head_method) noexcept {
  Leaver* const leaver = leavers_.try_emplace();
  if (leaver == nullptr) {
    counters_.connections_closed.add();
    return;
  }
  leaver->socket = std::move(socket);
  leaver->ends = now + kLingerMax;
  deadlines_.arm(*leaver, 0, now);
  if (status == 0) {
    return end_our_side(*leaver);
  }
  counters_.request_errors.add();
  leaver->response_bytes =
      http::write_error(leaver->response, status, is_head_method, date_.at(now));
  send(*leaver);
}

void LingeringClose::send(Leaver& leaver) noexcept {
  leaver.in_flight = true;
  io_uring_sqe* const sqe = ring_.sqe(token(Op::send, leaver));
  io_uring_prep_send(sqe, leaver.socket.number(), leaver.response.data() + leaver.sent_bytes,
                     leaver.response_bytes - leaver.sent_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
  leaver.socket.address(sqe);
}

// A client that has not read its answers before is waited for, as long as it goes on.
void LingeringClose::wait(Leaver& leaver) noexcept {
  leaver.in_flight = leaver.is_waiting = true;
  io_uring_sqe* const sqe = ring_.sqe(token(Op::wait, leaver));
  leaver.write_wait.prep(sqe, leaver.socket.number());
  leaver.socket.address(sqe);
}

void LingeringClose::on_sent(Leaver& leaver, int result) noexcept {
  if (leaver.is_cut || (result < 0 && result != -EAGAIN && result != -EINTR)) return close(leaver);
  leaver.sent_bytes += static_cast<std::size_t>(std::max(result, 0));
  if (leaver.sent_bytes != leaver.response_bytes) return wait(leaver);
  end_our_side(leaver);
}

void LingeringClose::on_wait(Leaver& leaver, const Completion& done) noexcept {
  const WriteWait::Step step = leaver.write_wait.on_completion(done);
  if (done.more()) {
    leaver.in_flight = true;
    if (step == WriteWait::Step::cancel) cancel(leaver, Op::wait);
    return;
  }
  leaver.is_waiting = false;
  if (leaver.is_cut || step == WriteWait::Step::fail) return close(leaver);
  step == WriteWait::Step::again ? wait(leaver) : send(leaver);
}

void LingeringClose::cancel(const Leaver& leaver, Op op) noexcept {
  io_uring_prep_cancel64(ring_.sqe(token(Op::cancel, leaver)), pack(token(op, leaver)), 0);
}

// The client sees the end of our side; it may still be sending.
void LingeringClose::end_our_side(Leaver& leaver) noexcept {
  leaver.shutdown_in_flight = leaver.socket.shut_down(SHUT_WR, token(Op::shutdown, leaver));
  drain(leaver);
}

void LingeringClose::drain(Leaver& leaver) noexcept {
  leaver.in_flight = true;
  io_uring_sqe* const sqe = ring_.sqe(token(Op::drain, leaver));
  io_uring_prep_recv(sqe, leaver.socket.number(), dropped_.data(), dropped_.size(), 0);
  leaver.socket.address(sqe);
}

void LingeringClose::close(Leaver& leaver) noexcept {
  deadlines_.disarm(leaver);
  if (leaver.shutdown_in_flight) return;  // its completion comes back
  leaver.in_flight = true;
  leaver.socket.prep_close(ring_.sqe(token(Op::close, leaver)));
}

void LingeringClose::on_completion(const Completion& done) noexcept {
  if (static_cast<Op>(done.token.op) == Op::cancel) return;  // the cancelled request's says it all
  Leaver* const leaver = leavers_.find(done.token.slot_index, done.token.generation);
  URB_ASSERT(leaver != nullptr);  // a leaver stays until its last completion
  if (static_cast<Op>(done.token.op) == Op::shutdown) {
    leaver->shutdown_in_flight = false;
    return leaver->in_flight ? void() : close(*leaver);
  }
  leaver->in_flight = false;
  leaver->has_moved = true;
  switch (static_cast<Op>(done.token.op)) {
    case Op::send: return on_sent(*leaver, done.result);
    case Op::wait: return on_wait(*leaver, done);
    case Op::drain:
      if (leaver->is_cut || done.result <= 0) return close(*leaver);
      return drain(*leaver);
    case Op::close:
      counters_.connections_closed.add();
      leavers_.release(*leaver);
      return;
    case Op::shutdown:
    case Op::cancel: return;  // handled above
  }
}

void LingeringClose::on_deadline(Nanos now) noexcept {
  while (Leaver* const leaver = deadlines_.take_due(now)) {
    if (std::exchange(leaver->has_moved, false) && now < leaver->ends) {
      deadlines_.arm(*leaver, 0, now);
    } else {
      cut(*leaver);
    }
  }
}

void LingeringClose::cut(Leaver& leaver) noexcept {
  if (!leaver.socket.is_open()) return;  // the close is on its way
  leaver.is_cut = true;
  // Wakes the pending poll or receive, whose last completion closes.
  if (!leaver.socket.is_direct()) shutdown(leaver.socket.fd(), SHUT_RDWR);
  if (leaver.is_waiting) {
    cancel(leaver, Op::wait);
  } else if (leaver.socket.is_direct() && leaver.in_flight) {
    cancel(leaver, Op::drain);
  }
}

void LingeringClose::cut_off() noexcept {
  leavers_.for_each([this](Leaver& leaver) { cut(leaver); });
}

}  // namespace urb
