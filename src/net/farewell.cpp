// Lingering close.
#include "net/farewell.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <utility>

namespace urb {
bool has_unread_input(int socket) noexcept {
  int bytes = 0;
  return ioctl(socket, FIONREAD, &bytes) == 0 && bytes != 0;
}

Farewell::Farewell(Ring& ring, std::uint8_t owner, Counters& counters, std::size_t capacity)
    : ring_{ring},
      owner_{owner},
      counters_{counters},
      deadlines_{{kLingerIdle}},
      leavers_{capacity} {}

void Farewell::begin(Fd socket, int status, Nanos now) noexcept {
  Leaver* const leaver = leavers_.try_emplace();
  if (leaver == nullptr) {
    counters_.connections_closed.add();
    return;
  }
  leaver->socket = std::move(socket);
  leaver->ends = now + kLingerMax;
  deadlines_.arm(*leaver, 0, now);
  if (status == 0) {
    shutdown(leaver->socket.get(), SHUT_WR);
    drain(*leaver);
    return;
  }
  counters_.request_errors.add();
  leaver->response_bytes = http::write_error(leaver->response, status, date_.at(now));
  leaver->in_flight = true;
  io_uring_prep_send(ring_.sqe(token(Op::send, *leaver)), leaver->socket.get(),
                     leaver->response.data(), leaver->response_bytes, MSG_WAITALL | MSG_NOSIGNAL);
}

void Farewell::drain(Leaver& leaver) noexcept {
  leaver.in_flight = true;
  io_uring_prep_recv(ring_.sqe(token(Op::drain, leaver)), leaver.socket.get(), dropped_.data(),
                     dropped_.size(), 0);
}

void Farewell::close(Leaver& leaver) noexcept {
  deadlines_.disarm(leaver);
  leaver.in_flight = true;
  io_uring_prep_close(ring_.sqe(token(Op::close, leaver)), leaver.socket.release());
}

void Farewell::on_completion(const Completion& done) noexcept {
  Leaver* const leaver = leavers_.find(done.token.slot_index, done.token.generation);
  URB_ASSERT(leaver != nullptr);  // a leaver stays until its last completion
  leaver->in_flight = false;
  leaver->has_moved = true;
  switch (static_cast<Op>(done.token.op)) {
    case Op::send:
      if (leaver->is_cut || done.result < 0) return close(*leaver);
      // The client sees the end of our side now; it may still be sending.
      shutdown(leaver->socket.get(), SHUT_WR);
      return drain(*leaver);
    case Op::drain:
      if (leaver->is_cut || done.result <= 0) return close(*leaver);
      return drain(*leaver);
    case Op::close:
      counters_.connections_closed.add();
      leavers_.release(*leaver);
      return;
  }
}

void Farewell::on_deadline(Nanos now) noexcept {
  while (Leaver* const leaver = deadlines_.take_due(now)) {
    if (std::exchange(leaver->has_moved, false) && now < leaver->ends) {
      deadlines_.arm(*leaver, 0, now);
    } else {
      cut(*leaver);
    }
  }
}

void Farewell::cut(Leaver& leaver) noexcept {
  if (!leaver.socket.is_open()) return;  // the close is on its way
  leaver.is_cut = true;
  // Wakes the pending send or receive; its completion closes.
  shutdown(leaver.socket.get(), SHUT_RDWR);
}

void Farewell::cut_off() noexcept {
  leavers_.for_each([this](Leaver& leaver) { cut(leaver); });
}

}  // namespace urb
