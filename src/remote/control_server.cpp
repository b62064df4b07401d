#include "remote/control_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "net/acceptor.hpp"

namespace urb {
namespace {

// In one turn, so that a flood of them does not keep the loop from anything else.
constexpr int kAcceptsMax = 16;
constexpr Nanos kAcceptPause = std::chrono::milliseconds{100};  // a guess, as in net/acceptor
// For the peer to read the last line, before a close could take it back.
constexpr Nanos kFarewell = std::chrono::seconds{1};
constexpr std::size_t kDropMax = 64 * 1024;
// More than all that an end says of 64 processes.
constexpr std::size_t kOutMax = 1024 * 1024;

Fd make_own_listener(const Address& address) {
  const mode_t before = umask(S_IRWXG | S_IRWXO);
  try {
    Fd listener = make_listener(address, /*share_port=*/false);
    umask(before);
    check(fcntl(listener.get(), F_SETFL, O_NONBLOCK), "fcntl");
    return listener;
  } catch (...) {
    umask(before);
    throw;
  }
}

}  // namespace

ControlServer::ControlServer(const Address& address, ControlToken token, MakeCarry make_carry)
    : token_{token}, make_carry_{std::move(make_carry)}, listener_{make_own_listener(address)} {
  address_ = Address::of_socket(listener_.get());
}

ControlServer::~ControlServer() {
  if (address_.is_unix()) unlink(address_.path().c_str());
}

void ControlServer::add_to(std::vector<pollfd>& waiting) const {
  const bool accepts = accept_again_at_ == Nanos{0};
  waiting.push_back({accepts ? listener_.get() : -1, POLLIN, 0});
  for (const Connection& connection : connections_) {
    const short events = connection.out.empty() ? POLLIN : POLLOUT;
    waiting.push_back({connection.socket.get(), events, 0});
  }
}

Nanos ControlServer::next_deadline() const noexcept {
  Nanos earliest = accept_again_at_ == Nanos{0} ? kNever : accept_again_at_;
  for (const Connection& connection : connections_)
    earliest = std::min(earliest, connection.deadline);
  return earliest;
}

void ControlServer::handle(std::span<const pollfd> ready, Nanos now) {
  if (now >= accept_again_at_) accept_again_at_ = Nanos{0};
  auto connection = connections_.begin();
  for (const pollfd& one : ready.subspan(1)) {
    if (one.revents != 0) {
      connection->out.empty() ? read_from(*connection, now) : send_to(*connection, now);
    }
    ++connection;
  }
  std::erase_if(connections_,
                [now](const Connection& each) { return each.is_done || now >= each.deadline; });
  if (ready.front().revents != 0) accept_all(now);
}

void ControlServer::accept_all(Nanos now) {
  for (int count = 0; count < kAcceptsMax; ++count) {
    const int raw = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (raw < 0) {
      const bool is_ordinary = errno == EAGAIN || errno == ECONNABORTED || errno == EINTR;
      if (!is_ordinary) accept_again_at_ = now + kAcceptPause;
      return;
    }
    Fd socket{Adopt{}, raw};
    const int on = 1;  // a peer that is gone without a word must not keep its place
    static_cast<void>(setsockopt(raw, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    make_room();
    if (connections_.size() == kConnectionsMax) continue;  // all trusted, so this one is closed
    connections_.push_back({.socket = std::move(socket),
                            .conversation = ControlConversation{token_, make_carry_()},
                            .deadline = now + kPatience});
  }
}

void ControlServer::make_room() {
  if (connections_.size() < kConnectionsMax) return;
  const auto oldest =
      std::find_if(connections_.begin(), connections_.end(),
                   [](const Connection& each) { return !each.conversation.is_trusted(); });
  if (oldest != connections_.end()) connections_.erase(oldest);
}

void ControlServer::read_from(Connection& connection, Nanos now) {
  std::array<char, 4096> bytes{};
  const ssize_t count = recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    connection.is_done = true;
    return;
  }
  if (connection.has_ended) {
    connection.dropped += static_cast<std::size_t>(count);
    connection.is_done = connection.dropped > kDropMax;
    return;
  }
  const std::string_view received{bytes.data(), static_cast<std::size_t>(count)};
  connection.out += connection.conversation.receive(received);
  if (connection.conversation.is_trusted()) connection.deadline = kNever;
  if (connection.out.size() > kOutMax) connection.is_done = true;
  if (!connection.out.empty()) send_to(connection, now);
}

void ControlServer::send_to(Connection& connection, Nanos now) {
  std::string& out = connection.out;
  const ssize_t count = send(connection.socket.get(), out.data(), out.size(), MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    connection.is_done = true;
    return;
  }
  if (count > 0) out.erase(0, static_cast<std::size_t>(count));
  if (!out.empty()) {
    if (count > 0 || connection.deadline == kNever) connection.deadline = now + kPatience;
    return;
  }
  connection.deadline = connection.conversation.is_trusted() ? kNever : connection.deadline;
  if (connection.conversation.is_over()) finish(connection, now);
}

// A close with bytes unread would take back the line that was just sent.
void ControlServer::finish(Connection& connection, Nanos now) {
  shutdown(connection.socket.get(), SHUT_WR);
  connection.has_ended = true;
  connection.deadline = now + kFarewell;
}

}  // namespace urb
