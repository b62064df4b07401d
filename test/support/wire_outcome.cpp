// Receipts and status lines as text.
#include "support/wire_outcome.hpp"

#include <string_view>

namespace urb::test {
namespace {

// The value behind `key` in the receipt, up to the next of ",}"; "none" without a receipt.
std::string value_in(std::string_view body, std::string_view key) {
  const std::size_t at = body.find(key);
  if (at == std::string_view::npos) return "none";
  const std::string_view rest = body.substr(at + key.size());
  return std::string{rest.substr(0, rest.find_first_of(",}"))};
}

void append(std::string& out, std::string_view word) {
  if (!out.empty()) out += ", ";
  out += word;
}

}  // namespace

std::string format_answers(const std::vector<Response>& responses) {
  std::string out;
  for (const Response& response : responses) {
    if (response.status < 200) continue;
    const bool closes = response.header("connection") == "close";
    append(out, std::to_string(response.status));
    if (response.status != 200) {
      if (!closes) out += " keep";  // never right, so it must show
      continue;
    }
    out += closes ? " close " : " keep ";
    out += value_in(response.body, R"("bytes":)");
    const std::string crc = value_in(response.body, R"("crc32c":)");
    if (crc != "none") out += " crc " + crc;
  }
  return out;
}

std::string read_outcome(TcpClient& client) {
  std::string out;
  try {
    out = format_answers(client.read_to_end());
  } catch (const ClientError& cause) {
    append(out, cause.what());
  }
  if (client.was_reset()) append(out, "reset");
  return out;
}

std::size_t count_served(std::string_view outcome) {
  std::size_t count = 0;
  for (const std::string_view word : {"200 keep", "200 close"}) {
    for (std::size_t at = 0; (at = outcome.find(word, at)) != std::string_view::npos; ++at) ++count;
  }
  return count;
}

}  // namespace urb::test
