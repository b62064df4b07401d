// What the two legs of an exchange share: events, messages, and parts of one buffer.
//
// A leg is a state machine without I/O. Its resume() takes what has happened and returns what is to
// be done next. It reads from top to bottom in the order of time.
//
// One buffer serves both legs while they need it:
//
//   [0, 32 KiB)        bytes of the client
//   [32 KiB, 48 KiB)   bytes of the worker
//   [48 KiB, 64 KiB)   the rewritten head of the response
//
// The rewritten head of the request takes the last two. It has left them before a response is read.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/head_reader.hpp"
#include "net/write_wait.hpp"

namespace urb {

/// What happens to a leg. Source and target are its own: client and worker, or the reverse.
struct LegEvent {
  enum Kind : std::uint8_t {
    start,          ///< the head of the request has been read; it has `bytes`
    sent,           ///< all that the last action asked for is with the target
    received,       ///< the source has sent `bytes`
    source_ended,   ///< it has closed, or its connection is broken
    target_failed,  ///< it takes no more
    gave_up,        ///< nobody waits for the target any longer
    request_moved,  ///< to the response's leg: the request's has another state
    continued,      ///< to the response's leg: 100 (Continue) has been sent
  };
  Kind kind;
  std::uint32_t bytes = 0;
};

/// A message of up to two pieces on its way: of the buffer, until the receiver takes no more; then
/// the rest is copied, and the buffer serves others.
struct OutgoingMessage {
  std::array<iovec, 2> parts{};
  msghdr message{};
  std::vector<std::byte> rest;
  WriteWait wait;
  std::uint64_t left = 0;

  void set(iovec first, iovec second) noexcept;
  void prep(io_uring_sqe* sqe, int socket) noexcept;
  /// Takes the bytes that were sent, and copies the others.
  void advance(std::size_t sent) noexcept;
};

/// What the exchange has of each leg to perform its actions.
struct LegWork {
  OutgoingMessage message;
  std::uint64_t left = 0;                 ///< of a body of known length, for the relay
  std::optional<std::uint32_t> transfer;  ///< by the relay, while it runs
};

/// One leg's part of the buffer, and the bytes in it that were read and not yet forwarded.
template <std::size_t Offset, std::size_t Size>
class BufferPart {
 public:
  /// Uses `buffer`, which is empty when the leg has none; then it has no bytes either.
  void attach(std::span<std::byte> buffer) noexcept { buffer_ = buffer.data(); }
  void set(std::size_t begin, std::size_t end) noexcept { begin_ = begin, end_ = end; }
  /// Appends what was read to the start of room().
  void add(std::size_t count) noexcept { end_ += count; }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Takes the first `count` bytes: the leg forwards them.
  std::span<std::byte> take(std::size_t count) noexcept {
    const auto taken = bytes().first(count);
    begin_ += count;
    return taken;
  }

  [[nodiscard]] std::span<std::byte> bytes() const noexcept {
    return {buffer_ + Offset + begin_, end_ - begin_};
  }
  [[nodiscard]] std::span<std::byte> room() const noexcept {
    return {buffer_ + Offset + end_, Size - end_};
  }
  [[nodiscard]] bool is_empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 protected:
  std::byte* buffer_ = nullptr;

 private:
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class RequestPart : public BufferPart<0, kHeadReadArea> {
 public:
  [[nodiscard]] std::span<std::byte> rewrite_area() const noexcept {
    return {buffer_ + kHeadReadArea, kHeadBufferBytes - kHeadReadArea};
  }
};

class ResponsePart : public BufferPart<kHeadReadArea, kHeadReadArea / 2> {
 public:
  [[nodiscard]] std::span<std::byte> rewrite_area() const noexcept {
    return {buffer_ + kHeadReadArea + kHeadReadArea / 2, kHeadReadArea / 2};
  }
};

[[nodiscard]] inline iovec to_iovec(std::span<std::byte> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

}  // namespace urb
