#include "profile/window.hpp"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace urb {
namespace {

std::uint64_t take_count(std::string_view& bytes) {
  std::uint64_t word = 0;
  if (bytes.size() < sizeof word) throw std::runtime_error{"the plugin left half a window"};
  std::memcpy(&word, bytes.data(), sizeof word);
  bytes.remove_prefix(sizeof word);
  return word;
}

}  // namespace

std::vector<ProfileWindow> parse_windows(std::string_view bytes) {
  std::vector<ProfileWindow> windows;
  while (!bytes.empty()) {
    const std::uint64_t count = take_count(bytes);
    ProfileWindow window;
    for (std::uint64_t index = 0; index < count; ++index) {
      const std::uint64_t address = take_count(bytes);
      window.push_back({address, take_count(bytes)});
    }
    windows.push_back(std::move(window));
  }
  return windows;
}

}  // namespace urb
