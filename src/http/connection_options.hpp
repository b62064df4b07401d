// What the Connection fields of a request say of the connection's end, in pieces as they come off
// the wire. llhttp's own answer will not do. It takes Proxy-Connection for Connection, and it heeds
// trailers.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "http/host_check.hpp"

namespace urb::http {

/// Options in a request, empty ones included. More get 431. Each has to be compared with each
/// field's name before a proxy forwards it. Without a limit 16 KiB of commas cost milliseconds. The
/// value is a guess, since nobody sends more than a few.
inline constexpr unsigned kConnectionOptionsMax = 32;

class ConnectionOptions {
 public:
  void read(std::string_view piece) noexcept {
    for (const char c : piece) read_one(c);
  }
  /// Called behind each field.
  void finish_field() noexcept {
    const std::string_view option{text_.data(), size_ <= text_.size() ? size_ : 0};
    close_ = close_ || option == "close";
    keep_alive_ = keep_alive_ || option == "keep-alive";
    size_ = 0;
    has_ended_ = false;
    ++count_;
  }
  [[nodiscard]] bool are_too_many() const noexcept { return count_ > kConnectionOptionsMax; }
  [[nodiscard]] bool keeps_alive(bool http11) const noexcept {
    return !close_ && (http11 || keep_alive_);
  }

 private:
  void read_one(char c) noexcept {
    if (c == ',') return finish_field();
    if (c == ' ' || c == '\t') {
      has_ended_ = size_ != 0;
      return;
    }
    if (has_ended_) size_ = text_.size();  // two words: none of the known
    if (size_ < text_.size()) text_[size_] = to_lower(c);
    ++size_;
  }
  std::array<char, 10> text_;  ///< the longest known is "keep-alive"
  std::size_t size_ = 0;       ///< may exceed that: then it is none of the known
  bool has_ended_ = false;
  unsigned count_ = 0;
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace urb::http
