// From addresses to the functions that they are in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace urb {

struct Symbol {
  std::uint64_t address = 0;
  std::uint64_t size = 0;  ///< in bytes, 0 where it is not known
  std::string name;
};

class SymbolTable {
 public:
  SymbolTable() = default;
  /// In any order. Of several at one address the first by rank_of_name() stays.
  explicit SymbolTable(std::vector<Symbol> symbols);

  /// The name of the function that `address` is in, empty where it is in none. A symbol without a
  /// size reaches to the next one, for 64 KiB at most: no function is as long.
  [[nodiscard]] std::string_view find(std::uint64_t address) const;
  [[nodiscard]] bool is_empty() const noexcept { return symbols_.empty(); }

 private:
  std::vector<Symbol> symbols_;  ///< by address
};

/// The functions of a kernel from lines of /proc/kallsyms: address, type, name, and the module's
/// name behind it. Functions have the types t, T, w and W (nm(1)). Throws runtime_error where a
/// line is none, and where all addresses are zero: they are hidden from a reader without
/// CAP_SYSLOG (Documentation/admin-guide/sysctl/kernel.rst, kptr_restrict).
[[nodiscard]] SymbolTable parse_kallsyms(std::string_view text);

/// The functions of a program in the ELF format of 64 bits, with the names of its symbol table
/// (elf(5)). Empty for a program that was stripped. Throws runtime_error for what is no such
/// program.
[[nodiscard]] SymbolTable read_elf_functions(std::string_view program);

/// A C++ name as people write it: demangled, without arguments, template arguments, return type and
/// the suffixes of compiler's copies (".cold", ".isra.0"). Other names lose only the suffixes.
[[nodiscard]] std::string short_function_name(const std::string& symbol);

}  // namespace urb
