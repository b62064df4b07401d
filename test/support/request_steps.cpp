// The loop around the parser, with the checks that hold for every input.
#include "support/request_steps.hpp"

#include <doctest/doctest.h>

#include <span>
#include <tuple>

namespace urb::test {
namespace {

using http::ParseStatus;
using http::ParseStep;

auto fields_of(const ParsedMessage& m) {
  const http::RequestHead& head = m.head;
  return std::tuple{m.status,
                    m.body_bytes,
                    m.crc,
                    m.head_end,
                    m.end,
                    head.is_head_method,
                    head.keep_alive,
                    head.http11,
                    head.expect_continue,
                    head.chunked,
                    head.has_content_length,
                    head.has_host,
                    head.has_route,
                    head.verify_crc32c,
                    head.content_length,
                    head.route_hash,
                    head.response_bytes};
}

// One connection's parser and where it is in the input.
class Connection {
 public:
  explicit Connection(std::optional<Bytes> body_max) : parser_{body_max} {}

  void feed(std::string_view piece) {
    bool owes_end = false;  // of a message without a body: the next step needs no bytes
    while (!ended_ && (!piece.empty() || owes_end)) {
      const ParseStep step = parser_.parse(std::as_bytes(std::span{piece}));
      REQUIRE(step.consumed <= piece.size());
      piece.remove_prefix(step.consumed);
      offset_ += step.consumed;
      owes_end = false;
      switch (step.status) {
        case ParseStatus::need_more: REQUIRE(piece.empty()); break;
        case ParseStatus::head_complete:
          REQUIRE(parser_.has_head());
          current_.head_end = offset_;
          current_.head = parser_.head();
          owes_end = !current_.head.has_body();
          break;
        case ParseStatus::message_complete: finish(); break;
        case ParseStatus::error:
          // Where exactly an error is noticed is the parser's business, not the interface's.
          out_.messages.push_back({.status = parser_.error_status()});
          ended_ = true;
          break;
      }
    }
  }
  [[nodiscard]] ParsedInput result() {
    out_.is_waiting = !ended_ && parser_.in_message();
    return out_;
  }

 private:
  void finish() {
    REQUIRE_FALSE(parser_.in_message());
    current_.body_bytes = parser_.body_bytes();
    current_.crc = parser_.body_crc32c();
    current_.end = offset_;
    ended_ = !current_.head.keep_alive;
    out_.messages.push_back(current_);
    current_ = {};
  }
  http::RequestParser parser_;
  ParsedMessage current_;
  ParsedInput out_;
  std::size_t offset_ = 0;
  bool ended_ = false;
};

}  // namespace

bool ParsedInput::operator==(const ParsedInput& other) const {
  if (is_waiting != other.is_waiting || messages.size() != other.messages.size()) return false;
  for (std::size_t index = 0; index < messages.size(); ++index) {
    if (fields_of(messages[index]) != fields_of(other.messages[index])) return false;
  }
  return true;
}

ParsedInput parse_in_pieces(std::string_view input, const std::vector<std::size_t>& cuts,
                            std::optional<Bytes> body_max) {
  Connection connection{body_max};
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    // Each piece in memory of its own size, so that a sanitizer sees a read beyond it.
    const std::vector<char> piece(input.begin() + static_cast<std::ptrdiff_t>(begin),
                                  input.begin() + static_cast<std::ptrdiff_t>(cut));
    connection.feed({piece.data(), piece.size()});
    begin = cut;
  }
  connection.feed(input.substr(begin));
  return connection.result();
}

ParsedInput parse_at_once(std::string_view input, std::optional<Bytes> body_max) {
  return parse_in_pieces(input, {}, body_max);
}

ParsedInput parse_evenly(std::string_view input, std::size_t piece_bytes,
                         std::optional<Bytes> body_max) {
  std::vector<std::size_t> cuts;
  for (std::size_t cut = piece_bytes; cut < input.size(); cut += piece_bytes) cuts.push_back(cut);
  return parse_in_pieces(input, cuts, body_max);
}

ParsedMessage parse_one(std::string_view input, std::optional<Bytes> body_max) {
  const ParsedInput parsed = parse_at_once(input, body_max);
  REQUIRE(parsed.messages.size() == 1);
  REQUIRE_FALSE(parsed.is_waiting);
  return parsed.messages.front();
}

std::string format_outcome(const ParsedInput& parsed) {
  std::string out;
  for (const ParsedMessage& message : parsed.messages) {
    if (!out.empty()) out += ", ";
    out += std::to_string(message.status);
    if (message.status != 200) continue;
    out += message.head.keep_alive ? " keep " : " close ";
    out += std::to_string(message.body_bytes);
  }
  if (parsed.is_waiting) out += out.empty() ? "wait" : ", wait";
  return out;
}

}  // namespace urb::test
