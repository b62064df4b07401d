// Records, the message within, and the one extension that matters.
#include "tls/client_hello.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/fnv.hpp"

namespace urb::tls {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kRecordHeader = 5;  // type, version, length
constexpr std::size_t kRecordMax = std::size_t{1} << 14;
constexpr std::size_t kMessageHeader = 4;  // type, length
constexpr unsigned kHandshakeRecord = 22;
constexpr unsigned kClientHelloMessage = 1;
constexpr unsigned kServerNameExtension = 0;
constexpr unsigned kHostName = 0;
constexpr std::size_t kNameMax = 255;  // of a host name (RFC 1035, 2.3.4)

// RFC 8446, 6.2.
constexpr std::uint8_t kUnexpectedMessage = 10;
constexpr std::uint8_t kRecordOverflow = 22;
constexpr std::uint8_t kIllegalParameter = 47;
constexpr std::uint8_t kDecodeError = 50;

unsigned number_at(Bytes bytes, std::size_t at) noexcept {
  return std::to_integer<unsigned>(bytes[at]);
}

/// Takes fields off the front of bytes. After one that is not there, none is.
class Fields {
 public:
  explicit Fields(Bytes bytes) noexcept : left_{bytes} {}

  [[nodiscard]] bool is_right() const noexcept { return is_right_; }
  [[nodiscard]] bool is_empty() const noexcept { return left_.empty(); }

  Bytes take(std::size_t count) noexcept {
    is_right_ = is_right_ && count <= left_.size();
    if (!is_right_) return {};
    const Bytes taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  std::size_t take_number(std::size_t bytes) noexcept {
    std::size_t number = 0;
    for (const std::byte byte : take(bytes)) number = number << 8 | std::to_integer<unsigned>(byte);
    return number;
  }
  /// What a length of so many bytes stands before: at least `least` bytes.
  Bytes take_vector(std::size_t length_bytes, std::size_t least) noexcept {
    const std::size_t count = take_number(length_bytes);
    is_right_ = is_right_ && count >= least;
    return take(count);
  }

 private:
  Bytes left_;
  bool is_right_ = true;
};

ClientHello refuse(std::optional<std::uint8_t> alert) noexcept {
  return {ClientHello::Status::refused, 0, alert, {}};
}

ClientHello need(std::size_t bytes) noexcept {
  return {ClientHello::Status::need_more, bytes, {}, {}};
}

// Of an extension's body: one name of a host, and any number of what nobody has defined.
bool read_names(Bytes body, std::optional<std::uint64_t>& name_hash) noexcept {
  Fields extension{body};
  Fields names{extension.take_vector(2, 1)};
  while (extension.is_right() && names.is_right() && !names.is_empty()) {
    const bool is_host = names.take_number(1) == kHostName;
    const Bytes name = names.take_vector(2, is_host ? 1 : 0);
    if (!is_host) continue;
    if (!names.is_right() || name_hash || name.size() > kNameMax) return false;
    const std::string_view text{reinterpret_cast<const char*>(name.data()), name.size()};
    if (text.find('\0') != std::string_view::npos) return false;
    name_hash = hash_of_name(text);
  }
  return extension.is_right() && extension.is_empty() && names.is_right();
}

ClientHello read_message(Bytes body) noexcept {
  ClientHello hello{ClientHello::Status::complete, 0, {}, {}};
  Fields fields{body};
  fields.take(2 + 32);                                                        // version, random
  if (fields.take_vector(1, 0).size() > 32) return refuse(kDecodeError);      // session
  if (fields.take_vector(2, 2).size() % 2 != 0) return refuse(kDecodeError);  // cipher suites
  fields.take_vector(1, 1);                                                   // compressions
  if (!fields.is_right()) return refuse(kDecodeError);
  if (fields.is_empty()) return hello;  // of TLS 1.2, whose extensions may be absent
  Fields extensions{fields.take_vector(2, 0)};
  if (!fields.is_right() || !fields.is_empty()) return refuse(kDecodeError);
  bool has_names = false;
  while (!extensions.is_empty()) {
    const std::size_t type = extensions.take_number(2);
    const Bytes extension = extensions.take_vector(2, 0);
    if (!extensions.is_right()) return refuse(kDecodeError);
    if (type != kServerNameExtension) continue;
    if (has_names || !read_names(extension, hello.name_hash)) return refuse(kDecodeError);
    has_names = true;
  }
  return hello;
}

/// The message's bytes as the records bring them.
struct Message {
  std::array<std::byte, kClientHelloMax> memory;
  std::size_t count = 0;

  void add(Bytes part) noexcept {
    if (!part.empty()) std::memcpy(memory.data() + count, part.data(), part.size());
    count += part.size();
  }
  /// Its length with its header, once that is there.
  [[nodiscard]] std::size_t length() const noexcept {
    const Bytes all{memory};
    return kMessageHeader + (number_at(all, 1) << 16 | number_at(all, 2) << 8 | number_at(all, 3));
  }
};

}  // namespace

ClientHello read_client_hello(Bytes bytes) noexcept {
  bytes = bytes.first(std::min(bytes.size(), kClientHelloMax));
  Message message;
  std::size_t at = 0;
  while (at + kRecordHeader <= kClientHelloMax) {
    const Bytes header = bytes.subspan(at);
    // Each byte is judged as soon as it is there: who speaks no TLS need not go on.
    if (!header.empty() && number_at(header, 0) != kHandshakeRecord) {
      return refuse(at == 0 ? std::nullopt : std::optional{kUnexpectedMessage});
    }
    if (header.size() > 1 && number_at(header, 1) != 3) {
      return refuse(at == 0 ? std::nullopt : std::optional{kDecodeError});
    }
    if (header.size() < kRecordHeader) return need(at + kRecordHeader);
    const std::size_t length = number_at(header, 3) << 8 | number_at(header, 4);
    if (length > kRecordMax) return refuse(kRecordOverflow);
    if (length == 0) return refuse(kDecodeError);
    const std::size_t end = at + kRecordHeader + length;
    if (end > kClientHelloMax) break;
    const Bytes part = header.subspan(kRecordHeader);
    message.add(part.first(std::min(part.size(), length)));
    if (message.count != 0 && number_at(message.memory, 0) != kClientHelloMessage) {
      return refuse(kUnexpectedMessage);
    }
    if (message.count >= kMessageHeader) {
      const std::size_t total = message.length();
      if (total > kClientHelloMax) break;
      if (message.count >= total) {
        return read_message(Bytes{message.memory}.subspan(kMessageHeader, total - kMessageHeader));
      }
    }
    if (part.size() < length) return need(end);
    at = end;
  }
  return refuse(kIllegalParameter);  // too long
}

std::uint64_t hash_of_name(std::string_view name) noexcept {
  std::uint64_t hash = http::kFnvOffset;
  for (const char typed : name) {
    const char lower =
        typed >= 'A' && typed <= 'Z' ? static_cast<char>(typed + ('a' - 'A')) : typed;
    hash = http::fnv1a(hash, {&lower, 1});
  }
  return hash;
}

}  // namespace urb::tls
