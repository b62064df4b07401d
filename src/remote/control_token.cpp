#include "remote/control_token.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace urb {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

bool is_of_token(char c) noexcept { return c > ' ' && c < 0x7F; }

std::string make_text() {
  std::array<std::uint8_t, 32> bytes{};
  check(getrandom(bytes.data(), bytes.size(), 0), "getrandom");
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

void make_file(const std::string& path) {
  const int raw = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (raw < 0 && errno == EEXIST) return;  // another one has just made it
  const Fd file{Adopt{}, check(raw, "open of the token's file")};
  const std::string line = make_text() + "\n";
  const auto written = check(write(file.get(), line.data(), line.size()), "write of the token");
  if (static_cast<std::size_t>(written) != line.size()) {
    throw SysError("write of the token", ENOSPC, "free some space");
  }
}

}  // namespace

ControlToken::ControlToken(std::string_view text) {
  if (text.size() < kLeast || text.size() > kMost ||
      !std::all_of(text.begin(), text.end(), is_of_token)) {
    throw UsageError(
        fmt::format("a token is {} to {} printable characters without spaces", kLeast, kMost));
  }
  std::copy(text.begin(), text.end(), text_.begin());
  length_ = text.size();
}

ControlToken ControlToken::read_or_make(const std::string& path) {
  // Not waiting for a pipe's other end.
  const auto open_it = [&path] {
    return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  };
  int raw = open_it();
  if (raw < 0 && errno == ENOENT) {
    make_file(path);
    raw = open_it();
  }
  const Fd file{Adopt{}, check(raw, "open of the token's file")};
  struct stat about {};
  check(fstat(file.get(), &about), "fstat of the token's file");
  if (!S_ISREG(about.st_mode)) throw UsageError(path + " is no regular file");
  if ((about.st_mode & kOthers) != 0) {
    throw UsageError(fmt::format("others may use the token in {}: chmod 600 it", path));
  }
  if (about.st_uid != geteuid() && about.st_uid != 0) {
    throw UsageError(fmt::format("the token in {} is another user's", path));
  }
  std::array<char, kMost + 2> text{};
  const auto count = check(read(file.get(), text.data(), text.size()), "read of the token's file");
  const std::string_view all{text.data(), static_cast<std::size_t>(count)};
  const std::string_view line = all.substr(0, all.find('\n'));
  try {
    return ControlToken{line};
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
}

bool ControlToken::matches(std::string_view given) const noexcept {
  // Both as long as the longest token, so that every comparison looks at as many characters.
  std::array<char, kMost> other{};
  const std::size_t length = std::min(given.size(), kMost);
  std::copy_n(given.begin(), length, other.begin());
  unsigned difference = given.size() == length_ ? 0 : 1;
  for (std::size_t index = 0; index < kMost; ++index) {
    const auto left = static_cast<unsigned char>(text_[index]);
    const auto right = static_cast<unsigned char>(other[index]);
    difference |= static_cast<unsigned>(left ^ right);
  }
  return difference == 0;
}

}  // namespace urb
