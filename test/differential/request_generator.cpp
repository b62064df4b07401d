// Grammar first, then damage.
#include "differential/request_generator.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

namespace urb::test {
namespace {

using namespace std::string_view_literals;

// Pieces that framing is made of, well and badly spelt; what is put in anywhere.
constexpr std::array kPieces{"\r\n"sv,
                             "\n"sv,
                             "\r"sv,
                             "\0"sv,
                             " "sv,
                             "\t"sv,
                             ":"sv,
                             ","sv,
                             ";"sv,
                             "0"sv,
                             "\x0b"sv,
                             "\xc3"sv,
                             "\r\n "sv,
                             "0\r\n\r\n"sv,
                             "3\r\nabc\r\n"sv,
                             "3;x=y\r\nabc\r\n"sv,
                             "+1"sv,
                             "0x"sv,
                             "chunked"sv,
                             "Content-Length: 3\r\n"sv,
                             "Content-Length: 0\r\n"sv,
                             "Content-Length : 3\r\n"sv,
                             "Content-Length: 3, 3\r\n"sv,
                             "Transfer-Encoding: chunked\r\n"sv,
                             "Transfer-Encoding: gzip, chunked\r\n"sv,
                             "Transfer-Encoding:\r\n"sv,
                             "Host: a\r\n"sv,
                             "Host: b\r\n"sv,
                             "Connection: close\r\n"sv,
                             "Connection: keep-alive\r\n"sv,
                             "Connection: content-length, host\r\n"sv,
                             "Proxy-Connection: close\r\n"sv,
                             "Expect: 100-continue\r\n"sv,
                             "Expect: x\r\n"sv,
                             "Upgrade: h2c\r\nConnection: upgrade\r\n"sv,
                             "HTTP/1.0"sv,
                             "HTTP/1.1"sv,
                             "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
                             "GET / HTTP/1.0\r\n\r\n"sv};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_{seed} {}

  GeneratedInput make() {
    GeneratedInput out;
    const std::size_t requests = 1 + below(4);
    for (std::size_t index = 0; index < requests; ++index) out.bytes += request();
    // A third stays valid: both sides must serve it, not only refuse alike.
    const std::size_t mutations = one_in(3) ? 0 : 1 + below(4);
    for (std::size_t index = 0; index < mutations; ++index) mutate(out.bytes);
    const std::size_t cuts = one_in(2) ? 0 : 1 + below(4);
    for (std::size_t index = 0; index < cuts; ++index) out.cuts.push_back(below(out.bytes.size()));
    std::sort(out.cuts.begin(), out.cuts.end());
    return out;
  }

 private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <std::size_t N>
  std::string_view pick(const std::array<std::string_view, N>& all) {
    return all[below(N)];
  }

  std::string body(std::size_t size) {
    std::string text(size, ' ');
    // Bytes that look like framing when somebody is off by some.
    constexpr std::string_view kLetters = "abc0123\r\n:GET ";
    for (char& c : text) c = kLetters[below(kLetters.size())];
    return text;
  }
  std::size_t body_size() { return one_in(12) ? below(100'000) : one_in(4) ? 0 : below(60); }

  std::string chunked_body() {
    std::string out;
    for (std::size_t chunks = below(5); chunks != 0; --chunks) {
      const std::string data = body(1 + body_size());
      char size[24];
      std::snprintf(size, sizeof size, one_in(6) ? "%05zX" : "%zx", data.size());
      out += size;
      if (one_in(5)) out += pick(std::array{";x"sv, ";x=1"sv, ";x=\"a b\""sv, ";a;b=c"sv});
      out += "\r\n" + data + "\r\n";
    }
    out += one_in(8) ? "000\r\n" : "0\r\n";
    while (one_in(4))
      out += pick(std::array{"X-Sum: 1\r\n"sv, "X-Empty:\r\n"sv, "Host: b\r\n"sv,
                             "Connection: close\r\n"sv});
    return out + "\r\n";
  }

  std::string request() {
    const bool http11 = !one_in(8);
    std::string line{pick(std::array{"GET"sv, "POST"sv, "PUT"sv, "HEAD"sv, "OPTIONS"sv})};
    line.append(" ").append(pick(std::array{"/"sv, "/a?b=c"sv, "//x"sv, "http://a/"sv, "/%41"sv}));
    line += http11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n";
    std::vector<std::string> fields;
    if (http11 || one_in(2)) fields.emplace_back("Host: a\r\n");
    if (!one_in(3)) fields.emplace_back("X-Verify: crc32c\r\n");
    if (!http11 && !one_in(3)) fields.emplace_back("Connection: keep-alive\r\n");
    if (one_in(12)) fields.emplace_back("Connection: close\r\n");
    while (one_in(3)) {
      fields.emplace_back(pick(std::array{
          "X-A: 1\r\n"sv, "X-B:\r\n"sv, "TE: trailers\r\n"sv, "Keep-Alive: timeout=5\r\n"sv,
          "Connection: x-a, TE\r\n"sv, "Trailer: X-Sum\r\n"sv, "Via: 1.1 other\r\n"sv,
          "Upgrade: h2c\r\n"sv, "X-Route: k\r\n"sv, "Proxy-Connection: keep-alive\r\n"sv}));
    }
    std::string content;
    if (http11 && one_in(3)) {
      fields.emplace_back("Transfer-Encoding: chunked\r\n");
      content = chunked_body();
    } else if (one_in(2)) {
      content = body(body_size());
      // Off by a few now and then, so that the next request begins elsewhere.
      const std::size_t size = content.size() + (one_in(25) ? 1 + below(3) : 0);
      fields.push_back("Content-Length: " + std::to_string(size) + "\r\n");
    }
    if (!content.empty() && one_in(10)) fields.emplace_back("Expect: 100-continue\r\n");
    if (one_in(3)) std::shuffle(fields.begin(), fields.end(), random_);
    for (const std::string& field : fields) line += field;
    return line + "\r\n" + content;
  }

  void mutate(std::string& bytes) {
    if (bytes.empty()) return;
    // Heads are where it hurts: half of the damage is done near the beginning of one.
    std::size_t at = below(bytes.size());
    if (one_in(2)) {
      const std::size_t head = bytes.find(" HTTP/1.", at);
      if (head != std::string::npos) at = std::min(bytes.size() - 1, head + below(120));
    }
    const std::size_t size = std::min(bytes.size() - at, 1 + (one_in(4) ? below(40) : below(3)));
    switch (below(7)) {
      case 0: bytes[at] = static_cast<char>(random_()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 2: bytes.erase(at, size); break;
      case 3: bytes.insert(below(bytes.size()), bytes.substr(at, size)); break;
      case 4: bytes.insert(at, pick(kPieces)); break;
      case 5: {  // at the beginning of a line, where a field would be
        const std::size_t line = bytes.find("\r\n", at);
        bytes.insert(line == std::string::npos ? at : line + 2, pick(kPieces));
        break;
      }
      case 6: {  // a length that is wrong
        const std::size_t digit = bytes.find_first_of("0123456789", at);
        if (digit != std::string::npos) bytes[digit] = static_cast<char>('0' + below(10));
        break;
      }
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

GeneratedInput generate_input(std::uint64_t seed) { return Generator{seed}.make(); }

std::string escape(std::string_view bytes, std::size_t most) {
  std::string out;
  for (const char c : bytes.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n\n";
    } else if (byte < 0x20 || byte >= 0x7f || c == '\\') {
      char text[8];
      std::snprintf(text, sizeof text, "\\x%02x", byte);
      out += text;
    } else {
      out += c;
    }
  }
  if (bytes.size() > most) out += "… " + std::to_string(bytes.size()) + " bytes in all";
  return out;
}

}  // namespace urb::test
