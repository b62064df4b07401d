// What lies between the client's sockets and HTTP, with TLS. Without it nothing here is ever
// called.
#pragma once

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <span>
#include <utility>

#include "load/client.hpp"

namespace urb {

template <class Wire>
void BasicClient<Wire>::begin_handshake(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    conn.state = State::handshaking;
    conn.wire.tls.emplace(shared_.context, conn.request->tls_name);
    flush(conn);
    queue_receive(conn);
  }
}

// The next piece of the request, unless one is on its way.
template <class Wire>
void BasicClient<Wire>::seal_request(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    constexpr std::size_t kSealedMost = 128 * 1024;  // as much as the socket's buffer
    if (conn.wire.sealed != 0) return;
    const auto seal = [&conn](std::span<const std::byte> bytes) {
      const auto part =
          bytes.first(std::min<std::size_t>(bytes.size(), kSealedMost - conn.wire.sealed));
      conn.wire.tls->send(part);
      conn.wire.sealed += part.size();
    };
    const RequestPiece piece = conn.request->image.piece_at(conn.sent_bytes);
    if (piece.message == nullptr) return seal(piece.bytes);
    for (const iovec& range : std::span{piece.message->msg_iov, piece.message->msg_iovlen}) {
      seal({static_cast<const std::byte*>(range.iov_base), range.iov_len});
    }
  }
}

template <class Wire>
void BasicClient<Wire>::flush(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    if (conn.in_flight.has(Op::send) || !conn.wire.take()) return;
    const std::string_view bytes = conn.wire.unsent();
    io_uring_prep_send(operations_.arm(conn, Op::send), conn.socket.get(), bytes.data(),
                       bytes.size(), send_flags_);
  }
}

// True when all of a piece of the request is sent; `result` is then its length.
template <class Wire>
bool BasicClient<Wire>::on_sealed_sent(Connection& conn, int& result) noexcept {
  if constexpr (Wire::kIsTls) {
    conn.wire.on_sent(static_cast<std::size_t>(result));
    if (conn.wire.take()) {
      flush(conn);
      return false;
    }
    result = static_cast<int>(std::exchange(conn.wire.sealed, 0));
    return result != 0;
  }
  return true;
}

template <class Wire>
void BasicClient<Wire>::on_sealed(Connection& conn, int result) noexcept {
  if constexpr (Wire::kIsTls) {
    if (result <= 0) {
      return result < 0 ? fail_io(conn, -result, "TLS handshake")
                        : fail(conn, Failure::io, "connection closed in the TLS handshake");
    }
    tls::Connection& tls = *conn.wire.tls;
    const std::size_t count =
        tls.receive({conn.receive_memory, static_cast<std::size_t>(result)}, shared_.opened());
    if (tls.state() == tls::State::failed) {
      return fail(conn, Failure::io, fmt::format("TLS: {}", tls.failure()));
    }
    flush(conn);
    if (tls.state() == tls::State::handshaking) return queue_receive(conn);
    if (conn.state == State::handshaking) return on_handshake(conn);
    if (count == 0) return on_nothing_opened(conn);
    if (conn.state == State::waiting) return on_idle_end(conn, result);
    if (conn.state == State::finishing) return on_finishing(conn, result);
    consume(conn, shared_.opened().first(count));
  }
}

template <class Wire>
void BasicClient<Wire>::on_handshake(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    ++result_.connections;
    if (plan_.phase() == Plan::Phase::window) {
      ++result_.handshakes;
      if (conn.wire.tls->is_resumed()) ++result_.resumed;
    }
    // With reuse a handshake is rare, and no part of what a request costs.
    if (options_.reuse) conn.started_at = monotonic_now();
    begin_exchange(conn);
  }
}

// A ticket, or the server's end (close_notify), behind which the end of the connection follows.
template <class Wire>
void BasicClient<Wire>::on_nothing_opened(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    const bool has_ended = conn.wire.tls->state() == tls::State::ended;
    if (has_ended && conn.state == State::waiting) return on_idle_end(conn, 0);
    if (conn.state == State::finishing) answer_end(conn);
    queue_receive(conn);
  }
}

// The server's FIN is there already, so that nobody waits for our end.
template <class Wire>
bool BasicClient<Wire>::has_fin(const Connection& conn) const noexcept {
  std::byte next{};
  return recv(conn.socket.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// Behind the last answer: a server whose kernel seals may have to wait for our end (close_notify)
// before it closes. One that has closed needs none.
template <class Wire>
void BasicClient<Wire>::answer_end(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    if (conn.wire.tls->state() != tls::State::ended || has_fin(conn)) return;
    conn.wire.tls->end();
    flush(conn);
  }
}

// Between requests, before we close. Its bytes find room at once: all others have been taken.
template <class Wire>
void BasicClient<Wire>::say_end(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    // What is on its way may have been cut by now, and nothing can follow it.
    if (!conn.socket.is_open() || conn.in_flight.has(Op::send)) return;
    if (!conn.wire.tls || conn.wire.tls->state() != tls::State::established) return;
    conn.wire.tls->end();
    flush(conn);
  }
}

}  // namespace urb
