#include "profile/symbols.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace urb {
namespace {

constexpr std::uint64_t kReachMax = 64 * 1024;  // bytes

// Aliases of one function: the plain name first, whatever the order in the table.
auto rank_of_name(const Symbol& symbol) {
  return std::tuple{symbol.name.find_first_not_of('_'), symbol.name.size(),
                    std::string_view{symbol.name}};
}

// Labels at the borders of sections, where no function begins.
bool is_border(std::string_view name) {
  return name.ends_with("_etext") || name.ends_with("_einittext") || name.ends_with("text_end") ||
         name.ends_with("text_start");
}

std::string_view take_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

SymbolTable::SymbolTable(std::vector<Symbol> symbols) : symbols_{std::move(symbols)} {
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& left, const Symbol& right) {
    if (left.address != right.address) return left.address < right.address;
    return rank_of_name(left) < rank_of_name(right);
  });
  const auto same_place = [](const Symbol& left, const Symbol& right) {
    return left.address == right.address;
  };
  symbols_.erase(std::unique(symbols_.begin(), symbols_.end(), same_place), symbols_.end());
}

std::string_view SymbolTable::find(std::uint64_t address) const {
  auto next = std::upper_bound(
      symbols_.begin(), symbols_.end(), address,
      [](std::uint64_t wanted, const Symbol& symbol) { return wanted < symbol.address; });
  if (next == symbols_.begin()) return {};
  const Symbol& symbol = *--next;
  const std::uint64_t reach = symbol.size != 0 ? symbol.size : kReachMax;
  if (address - symbol.address >= reach || is_border(symbol.name)) return {};
  return symbol.name;
}

SymbolTable parse_kallsyms(std::string_view text) {
  std::vector<Symbol> symbols;
  bool has_address = false;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty()) continue;
    const std::string_view number = take_word(line);
    const std::string_view type = take_word(line);
    Symbol symbol;
    symbol.name = take_word(line);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), symbol.address, 16);
    if (error != std::errc{} || end != number.data() + number.size() || type.size() != 1 ||
        symbol.name.empty()) {
      throw std::runtime_error{fmt::format("no line of /proc/kallsyms: {} {}", number, type)};
    }
    has_address = has_address || symbol.address != 0;
    if (std::string_view{"tTwW"}.find(type) == std::string_view::npos) continue;
    symbols.push_back(std::move(symbol));
  }
  if (!has_address) throw std::runtime_error{"the guest's /proc/kallsyms shows no addresses"};
  return SymbolTable{std::move(symbols)};
}

}  // namespace urb
