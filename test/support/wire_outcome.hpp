// What a client makes of a server's answers, in the words of the case files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/tcp_client.hpp"

namespace urb::test {

/// "200 keep 5, 400": the final responses in order. Of a 200, whether the connection goes on, and
/// the body bytes that the receipt counts ("none" when it has no body), then its checksum, if any.
/// Interim responses are left out: whether one is due depends on how bytes arrived.
[[nodiscard]] std::string format_answers(const std::vector<Response>& responses);

/// Reads all answers of `client` up to its end. A reset ends the text with "reset", and what makes
/// no sense with what is wrong.
[[nodiscard]] std::string read_outcome(TcpClient& client);

/// How many 200s are in such a text.
[[nodiscard]] std::size_t count_served(std::string_view outcome);

}  // namespace urb::test
