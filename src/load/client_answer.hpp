// What a response says, and what it counts for.
#pragma once

#include <fmt/format.h>

#include "load/client.hpp"

namespace urb {

template <class Wire>
void BasicClient<Wire>::complete_response(Connection& conn) noexcept {
  if (conn.sent_bytes == conn.request->image.total_bytes()) {
    finish_request(conn);
  } else if (!conn.parser.head().is_success()) {
    fail(conn, Failure::status,
         fmt::format("status {} before the whole body was sent", conn.parser.head().status));
  } else if (conn.send_error != 0 || conn.peer_closed) {
    fail_io(conn, conn.send_error, "connection closed before the whole body was sent");
  } else {
    conn.response_complete = true;
  }
}

template <class Wire>
void BasicClient<Wire>::finish_request(Connection& conn) noexcept {
  const Nanos now = monotonic_now();
  const http::ResponseHead& head = conn.parser.head();
  conn.in_request = false;
  const bool counts = end_request();
  if (!head.is_success()) {
    note_error(Failure::status, fmt::format("status {}", head.status));
  } else if (is_right(conn)) {
    const std::uint64_t body_bytes = conn.request->image.body_bytes();
    ++result_.total_requests;
    result_.total_body_bytes += body_bytes;
    if (conn.request->crc32c) result_.verified_bytes += body_bytes;
    if (counts) {
      const Nanos service = now - conn.started_at;
      if (options_.rate) result_.service.record(service);
      result_.latency.record(options_.rate ? now - conn.planned_at : service);
      if (conn.request->is_small) {
        result_.small_latency.record(options_.rate ? now - conn.planned_at : service);
      }
      ++result_.requests;
      result_.body_bytes += body_bytes;
      if (conn.request->body_digest && conn.fields.body_digest) ++result_.verified_requests;
      count_worker(conn);
    }
  }
  if (options_.reuse && head.keep_alive && !conn.peer_closed) {
    start_next(conn, now);
  } else {
    begin_finish(conn, now);
  }
}

template <class Wire>
bool BasicClient<Wire>::end_request() noexcept {
  if (progress_ != Progress::verifying) return plan_.on_end();
  --unverified_count_;
  return false;
}

template <class Wire>
bool BasicClient<Wire>::is_right(const Connection& conn) noexcept {
  const std::optional<std::uint32_t>& sent = conn.request->crc32c;
  const std::optional<std::uint32_t>& seen = conn.fields.crc32c;
  if (sent && !seen) {
    note_error(Failure::content, "no X-Crc32c in the response: the server cannot be verified");
    return false;
  }
  if (sent && *sent != *seen) {
    note_error(Failure::content,
               fmt::format("the body's CRC-32C is {:08x}, but {:08x} came back", *sent, *seen));
    return false;
  }
  if (!is_proved(conn)) return false;
  const std::uint64_t bytes = conn.parser.body_bytes();
  if (options_.expected_response_bytes && bytes != *options_.expected_response_bytes) {
    note_error(Failure::content, fmt::format("a response body of {} instead of {} bytes", bytes,
                                             *options_.expected_response_bytes));
    return false;
  }
  const std::string_view expected = conn.request->expected_text;
  // The text may name the size of the load's bodies. A verification's body has its own.
  const bool has_text = expected.empty() || progress_ == Progress::verifying ||
                        conn.parser.body_prefix().find(expected) != std::string_view::npos;
  if (!has_text) {
    note_error(Failure::content, fmt::format("no \"{}\" in the response body", expected));
  }
  return has_text;
}

template <class Wire>
bool BasicClient<Wire>::is_proved(const Connection& conn) noexcept {
  const std::optional<std::uint32_t>& sent = conn.request->body_digest;
  const std::optional<std::uint32_t>& seen = conn.fields.body_digest;
  if (!sent) return true;
  if (!seen) {
    if (!options_.requires_proof) return true;
    note_error(Failure::content, "no X-Body in the response: the body may not have been read");
    return false;
  }
  if (*sent == *seen) return true;
  note_error(Failure::content,
             fmt::format("the body's digest is {:08x}, but {:08x} came back", *sent, *seen));
  return false;
}

template <class Wire>
void BasicClient<Wire>::count_worker(const Connection& conn) noexcept {
  const std::optional<std::uint32_t>& worker = conn.fields.worker_index;
  if (!conn.request->worker || !worker) return;
  if (*worker < result_.requests_by_worker.size()) ++result_.requests_by_worker[*worker];
  if (*worker == *conn.request->worker) ++result_.routed_right;
}

}  // namespace urb
