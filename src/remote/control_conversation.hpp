// What is said on one connection of a control socket, as text: no sockets here.
//
// A request is one line, "TOKEN begin" or "TOKEN end", and its answer is one line. Anything else is
// answered by a line that begins with "error:", and ends the conversation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "remote/control_token.hpp"

namespace urb {

enum class ControlOrder : std::uint8_t { begin, end };

class ControlConversation {
 public:
  /// A longer line is no request.
  static constexpr std::size_t kLineMax = ControlToken::kMost + 16;
  /// One line, without its end. Empty: the order makes no sense now.
  using Carry = std::function<std::string(ControlOrder)>;

  /// `token` outlives the conversation. `carry_out` is called for orders with the right token only.
  ControlConversation(const ControlToken& token, Carry carry_out)
      : token_{token}, carry_out_{std::move(carry_out)} {}

  /// Takes what has come, in pieces of any size. Returns what is to be sent. What comes behind the
  /// end is ignored.
  [[nodiscard]] std::string receive(std::string_view bytes);

  /// The peer has shown the token.
  [[nodiscard]] bool is_trusted() const noexcept { return is_trusted_; }
  /// The connection is to be closed, once what was returned is sent.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

 private:
  [[nodiscard]] std::string answer(std::string_view line);
  [[nodiscard]] std::string refuse(std::string_view why);

  const ControlToken& token_;
  Carry carry_out_;
  std::string line_;  // as far as it has come
  bool is_trusted_ = false;
  bool is_over_ = false;
};

}  // namespace urb
