// The secret that whoever asks a control socket has to know.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace urb {

class ControlToken {
 public:
  static constexpr std::size_t kLeast = 16;  ///< characters, so that it cannot be guessed
  static constexpr std::size_t kMost = 128;

  /// The first line of `path`, a file that only its owner may read (mode 0600 or less). Where there
  /// is no such file, it is made with a random token. Throws UsageError for a file of somebody
  /// else, one that others may read, or one whose line is no token; SysError.
  [[nodiscard]] static ControlToken read_or_make(const std::string& path);
  /// Printable characters without spaces, kLeast to kMost of them. Throws UsageError.
  explicit ControlToken(std::string_view text);

  /// Takes the same time whatever is given, so that the time tells nobody how much was right.
  [[nodiscard]] bool matches(std::string_view given) const noexcept;

 private:
  std::array<char, kMost> text_{};  // zeros behind it
  std::size_t length_ = 0;
};

}  // namespace urb
