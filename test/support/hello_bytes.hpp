// ClientHellos made by hand, field by field, so that any of them can be wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace urb::test {

/// `number` in so many bytes, the highest first.
[[nodiscard]] inline std::string big_endian(std::size_t number, unsigned bytes) {
  std::string text;
  while (bytes-- != 0) text += static_cast<char>(number >> (8 * bytes) & 0xff);
  return text;
}
/// `body` behind its length.
[[nodiscard]] inline std::string with_length(unsigned length_bytes, std::string_view body) {
  return big_endian(body.size(), length_bytes).append(body);
}

[[nodiscard]] inline std::string extension(unsigned type, std::string_view body) {
  return big_endian(type, 2) + with_length(2, body);
}
/// One entry of a server_name extension.
[[nodiscard]] inline std::string name_entry(std::string_view name, unsigned type = 0) {
  return big_endian(type, 1) + with_length(2, name);
}
[[nodiscard]] inline std::string server_name(std::string_view entries) {
  return extension(0, with_length(2, entries));
}

struct HelloParts {
  std::string session = std::string(32, 's');
  std::string suites = "\x13\x01\xc0\x2b";
  std::string compressions = std::string(1, '\0');
  std::string extensions = {};
  bool has_extensions = true;
};
/// The message with its header.
[[nodiscard]] inline std::string hello_message(const HelloParts& parts) {
  std::string body = "\x03\x03" + std::string(32, 'r') + with_length(1, parts.session) +
                     with_length(2, parts.suites) + with_length(1, parts.compressions);
  if (parts.has_extensions) body += with_length(2, parts.extensions);
  return "\x01" + with_length(3, body);
}
/// `bytes` in records of `most` bytes.
[[nodiscard]] inline std::string records(std::string_view bytes, std::size_t most = 16384) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += most) {
    text += "\x16\x03\x01" + with_length(2, bytes.substr(at, most));
  }
  return text;
}
/// A whole one, with a name among other extensions.
[[nodiscard]] inline std::string hello_for(std::string_view name, std::size_t record_most = 16384) {
  HelloParts parts;
  parts.extensions = extension(10, "12345678") + server_name(name_entry(name)) +
                     extension(16, std::string(20, 'p'));
  return records(hello_message(parts), record_most);
}

}  // namespace urb::test
