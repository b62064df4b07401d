// Drives the request parser over an input cut into pieces, and writes down what it said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_parser.hpp"

namespace urb::test {

/// One message as the parser saw it, or the error that ended the connection.
struct ParsedMessage {
  http::RequestHead head;
  std::uint64_t body_bytes = 0;
  std::uint32_t crc = 0;
  std::size_t head_end = 0;  ///< offset in the input behind the empty line
  std::size_t end = 0;       ///< offset behind the message
  int status = 200;
};

struct ParsedInput {
  std::vector<ParsedMessage> messages;
  bool is_waiting = false;  ///< in the middle of a message when the input ended
  bool operator==(const ParsedInput&) const;
};

/// Parses `input` as the server does: piece by piece, up to an error or to the end of a message
/// that closes the connection. Pieces end at `cuts` (ascending offsets).
[[nodiscard]] ParsedInput parse_in_pieces(std::string_view input,
                                          const std::vector<std::size_t>& cuts,
                                          std::optional<Bytes> body_max = {});
[[nodiscard]] ParsedInput parse_at_once(std::string_view input, std::optional<Bytes> body_max = {});
/// Every piece has `piece_bytes` bytes, the last one perhaps fewer.
[[nodiscard]] ParsedInput parse_evenly(std::string_view input, std::size_t piece_bytes,
                                       std::optional<Bytes> body_max = {});
/// The one message that `input` is. Fails the test when there are more or fewer.
[[nodiscard]] ParsedMessage parse_one(std::string_view input, std::optional<Bytes> body_max = {});

/// "200 keep 5, 200 close 0, 400, wait": status, what becomes of the connection, body bytes.
[[nodiscard]] std::string format_outcome(const ParsedInput& parsed);

}  // namespace urb::test
