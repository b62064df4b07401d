#include "base/text.hpp"

#include <cstddef>

namespace urb {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// The bytes of the character at the front, or 0 where none is well-formed: the table of well-formed
// UTF-8 (Unicode 15, table 3-7) as ranges of the second byte.
std::size_t length_of_character(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  // Neither longer than needed, nor a surrogate, nor beyond U+10FFFF.
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(text, 1) < least || byte_at(text, 1) > most) return 0;
  for (std::size_t at = 2; at < length; ++at) {
    if (byte_at(text, at) < 0x80 || byte_at(text, at) > 0xBF) return 0;
  }
  return length;
}

// C0, DEL and C1. No XML may have U+FFFE and U+FFFF either.
bool is_control(std::string_view character) {
  if (character.size() == 1) return byte_at(character, 0) < 0x20 || character[0] == 0x7F;
  if (character.size() == 2) return byte_at(character, 0) == 0xC2 && byte_at(character, 1) < 0xA0;
  return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF";
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = length_of_character(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    clean += length == 0 || is_control(character) ? kReplacement : character;
    text.remove_prefix(character.size());
  }
  return clean;
}

std::string quote_for_shell(std::string_view word) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%_+=:,./-";
  // A name that begins with a dash would be an option.
  const std::string prefix = word.starts_with('-') ? "./" : "";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return prefix + std::string{word};
  }
  std::string quoted = prefix + "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace urb
