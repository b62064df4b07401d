// A ClientHello: cut anywhere it is the same, and a plain reader agrees on it and on its name.
#include <string>

#include "fuzz.hpp"
#include "tls/client_hello.hpp"

namespace urb::fuzz {
namespace {

using tls::ClientHello;
using Status = ClientHello::Status;

bool is_same(const ClientHello& one, const ClientHello& other) {
  return one.status == other.status && one.needed == other.needed && one.alert == other.alert &&
         one.name_hash == other.name_hash;
}

/// Reads by places in a text, and says at the end whether one was beyond it.
struct PlainReader {
  std::string_view text;
  std::size_t at = 0;
  bool is_right = true;

  std::size_t number(std::size_t bytes) {
    std::size_t sum = 0;
    for (; bytes != 0; --bytes, ++at) {
      if (at >= text.size()) is_right = false;
      sum = sum * 256 + (at < text.size() ? static_cast<unsigned char>(text[at]) : 0);
    }
    return sum;
  }
  std::string_view take(std::size_t bytes) {
    if (!is_right || text.size() - at < bytes) {
      is_right = false;
      return {};
    }
    at += bytes;
    return text.substr(at - bytes, bytes);
  }
  [[nodiscard]] bool is_over() const { return is_right && at == text.size(); }
};

/// The name in a message's body, empty for none. False where the message is malformed.
bool read_plainly(std::string_view body, std::string& name) {
  PlainReader fields{body};
  fields.take(34);
  const std::size_t session = fields.number(1);
  fields.take(session);
  const std::size_t suites = fields.number(2);
  fields.take(suites);
  const std::size_t compressions = fields.number(1);
  fields.take(compressions);
  if (!fields.is_right || session > 32 || suites == 0 || suites % 2 != 0 || compressions == 0)
    return false;
  if (fields.is_over()) return true;
  PlainReader extensions{fields.take(fields.number(2))};
  if (!fields.is_over()) return false;
  unsigned lists = 0;
  while (!extensions.is_over()) {
    const std::size_t type = extensions.number(2);
    const std::string_view extension = extensions.take(extensions.number(2));
    if (!extensions.is_right) return false;
    if (type != 0) continue;
    PlainReader list{extension};
    PlainReader names{list.take(list.number(2))};
    if (!list.is_over() || names.text.empty() || ++lists > 1) return false;
    while (!names.is_over()) {
      const std::size_t kind = names.number(1);
      const std::string_view host = names.take(names.number(2));
      if (!names.is_right) return false;
      if (kind != 0) continue;
      if (host.empty() || host.size() > 255 || !name.empty()) return false;
      if (host.find('\0') != std::string_view::npos) return false;
      name = host;
    }
  }
  return true;
}

// What is complete is well-formed for a plain reader, too, and asks for the same name. What is
// refused as malformed is malformed for it, if it has a whole message at all.
void compare(std::string_view text, const ClientHello& hello) {
  std::string message;
  PlainReader all{text.substr(0, tls::kClientHelloMax)};
  while (all.at + 5 <= all.text.size()) {
    const std::size_t type = all.number(1);
    const std::size_t major = all.number(1);
    all.number(1);
    const std::size_t length = all.number(2);
    if (type != 22 || major != 3 || length == 0) return REQUIRE(hello.status != Status::need_more);
    if (all.at + length > tls::kClientHelloMax) return REQUIRE(hello.status == Status::refused);
    message += all.text.substr(all.at, length);
    all.at += length;
    if (message.size() < 4) continue;
    PlainReader header{message};
    const std::size_t kind = header.number(1);
    const std::size_t total = header.number(3);
    if (kind != 1) return REQUIRE(hello.status == Status::refused);
    if (message.size() - 4 < total) continue;
    std::string name;
    const bool is_right = read_plainly(std::string_view{message}.substr(4, total), name);
    REQUIRE(hello.status == (is_right ? Status::complete : Status::refused));
    REQUIRE(hello.name_hash.has_value() == (is_right && !name.empty()));
    if (hello.name_hash) REQUIRE(*hello.name_hash == tls::hash_of_name(name));
    return;
  }
  REQUIRE(hello.status != Status::complete);
}

void run(std::string_view text) {
  const ClientHello whole = tls::read_client_hello(bytes_of(text));
  compare(text, whole);
  for (std::size_t cut = 0; cut < text.size(); cut += 1 + cut / 64) {
    const ClientHello part = tls::read_client_hello(bytes_of(text.substr(0, cut)));
    if (part.status != Status::need_more) {
      REQUIRE(is_same(part, whole));
      continue;
    }
    REQUIRE(part.needed > cut);
    REQUIRE(part.needed <= tls::kClientHelloMax);
  }
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
