#include "report/releases.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <utility>

namespace urb {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::string cut_release(const std::string& release) {
  std::size_t end = 0;
  while (end < release.size() && (is_digit(release[end]) || release[end] == '.')) ++end;
  // "-rc7" and the "-56" of a distribution tell kernels apart, names of flavours do not.
  std::size_t after = end;
  if (after < release.size() && release[after] == '-') {
    ++after;
    if (release.compare(after, 2, "rc") == 0) after += 2;
    const std::size_t digits = after;
    while (after < release.size() && is_digit(release[after])) ++after;
    if (after > digits) end = after;
  }
  return end == 0 ? release : release.substr(0, end);
}

}  // namespace

std::vector<std::string> kernels_in_order(const std::vector<const Row*>& rows) {
  std::set<std::string> names;
  for (const Row* const row : rows) names.insert(row->kernel);
  std::vector<std::string> kernels(names.begin(), names.end());
  std::stable_sort(kernels.begin(), kernels.end(), is_older_release);
  return kernels;
}

bool is_older_release(const std::string& left, const std::string& right) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < left.size() && j < right.size()) {
    if (!is_digit(left[i]) || !is_digit(right[j])) {
      if (left[i] != right[j]) {
        // "7.3-rc7" and "7.3~rc7" come before "7.3.1" and "7.3+1": they are no releases yet.
        const auto rank_of = [](char c) { return c == '~' ? -2 : c == '-' ? -1 : int{c}; };
        return rank_of(left[i]) < rank_of(right[j]);
      }
      ++i, ++j;
      continue;
    }
    const auto number_at = [](const std::string& text, std::size_t& at) {
      const std::size_t begin = text.find_first_not_of('0', at);
      while (at < text.size() && is_digit(text[at])) ++at;
      const std::string digits = begin < at ? text.substr(begin, at - begin) : "";
      return std::make_pair(digits.size(), digits);  // longer is larger
    };
    const auto first = number_at(left, i);
    const auto second = number_at(right, j);
    if (first != second) return first < second;
  }
  const auto is_candidate = [](std::string_view rest) {
    return rest.starts_with("-rc") || rest.starts_with("~rc");
  };
  if (j == right.size()) return is_candidate(std::string_view{left}.substr(i));
  return i == left.size() && !is_candidate(std::string_view{right}.substr(j));
}

std::string short_release(const std::string& release, const std::vector<std::string>& kernels) {
  const std::string cut = cut_release(release);
  const auto same = std::count_if(kernels.begin(), kernels.end(), [&](const std::string& other) {
    return cut_release(other) == cut;
  });
  return same > 1 ? release : cut;
}

}  // namespace urb
