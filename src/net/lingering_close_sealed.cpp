// Ends of connections whose records the kernel seals.
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/lingering_close.hpp"

namespace urb {
namespace {

// A close that a client was too slow for is no error of its own where it has taken everything.
constexpr unsigned kEmptyLooks = 2;

}  // namespace

void LingeringClose::begin_refusal(Socket socket, Nanos now) noexcept {
  Leaver* const leaver = take_in(std::move(socket), now);
  if (leaver != nullptr) say_goodbye(*leaver, Goodbye::refusal);
}

void LingeringClose::say_goodbye(Leaver& leaver, Goodbye goodbye) noexcept {
  leaver.goodbye = goodbye;
  leaver.socket.prep_sendmsg(operations_.arm(leaver, Op::send),
                             goodbye == Goodbye::end ? end_message() : refusal_message());
}

void LingeringClose::on_goodbye_sent(Leaver& leaver, int result) noexcept {
  if (result == -EAGAIN || result == -EINTR) return wait(leaver);
  if (result < 0) return give_up(leaver);
  if (leaver.has_said_end) return on_peer_ended(leaver);
  if (leaver.goodbye == Goodbye::end) return drain(leaver);
  // What follows a KeyUpdate cannot be read. The client closes once it has our alert.
  leaver.socket.prep_poll(operations_.arm(leaver, Op::drain), POLLRDHUP);
}

void LingeringClose::on_drained(Leaver& leaver, int result) noexcept {
  const bool is_refused = leaver.goodbye == Goodbye::refusal;
  switch (is_refused ? RecordEvent::end : leaver.record.event(result)) {
    case RecordEvent::data:
    case RecordEvent::nothing: return drain(leaver);
    case RecordEvent::refused:  // says nothing more that can be read, and may still take
    case RecordEvent::end: return on_peer_ended(leaver);
    case RecordEvent::failed: break;
  }
  give_up(leaver);
}

void LingeringClose::on_peer_ended(Leaver& leaver) noexcept {
  leaver.peer_ended = true;
  leaver.moved_at = ring_.now();
  look(leaver, ring_.now());
}

// Closes. What the client has not taken is lost, which is counted: on a direct socket, as soon as
// the kernel has said it.
void LingeringClose::give_up(Leaver& leaver) noexcept {
  const bool is_sealed = end_by_ == EndBy::close_notify && !leaver.is_cut;
  if (is_sealed && !leaver.socket.is_direct()) {
    counters_.tls_ends_cut.add(untaken_bytes(leaver.socket.fd()) == 0 ? 0 : 1);
  } else if (is_sealed && ring_.use(Feature::socket_command)) {
    look(leaver, ring_.now());
  }
  cut(leaver);
}

// What TCP had no room for goes there as soon as there is room. So it has all gone once the client
// has nothing to take, but for the moment (a jiffy) in which the kernel's worker has not run yet.
void LingeringClose::look(Leaver& leaver, Nanos now) noexcept {
  if (!leaver.socket.is_direct()) {
    return on_look(leaver, untaken_bytes(leaver.socket.fd()), now);
  }
  // Before 6.7 nobody can ask a direct socket. A client that has ended is believed then.
  if (!ring_.use(Feature::socket_command)) return on_look(leaver, leaver.peer_ended ? 0 : 1, now);
  // One may be under way for the deadline. Its answer is judged by what is known then.
  if (leaver.in_flight.has(Op::look)) return;
  leaver.socket.prep_count_untaken(operations_.arm(leaver, Op::look));
}

void LingeringClose::on_look(Leaver& leaver, std::uint64_t untaken, Nanos now) noexcept {
  const bool is_first = leaver.deadline.kind == kIdleDeadline;
  if (std::exchange(leaver.untaken, untaken) != untaken) leaver.moved_at = now;
  leaver.empty_looks = untaken == 0 ? leaver.empty_looks + 1 : 0;
  if (leaver.peer_ended && untaken == 0 && (is_first || leaver.empty_looks == kEmptyLooks)) {
    return close(leaver);
  }
  const bool goes_on = untaken == 0 ? leaver.peer_ended : now - leaver.moved_at < kLingerIdle;
  if (goes_on && now < leaver.ends) {
    const std::size_t last = leaver.deadline.kind;
    const std::size_t next =
        untaken == 0 ? kLookDeadline : std::min(last + 1, std::size_t{kLastLookDeadline});
    return deadlines_.arm(leaver, leaver.peer_ended ? next : kIdleDeadline, now);
  }
  counters_.tls_ends_cut.add(untaken == 0 ? 0 : 1);
  cut(leaver);
}

}  // namespace urb
