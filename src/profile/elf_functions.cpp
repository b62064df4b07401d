// A program's own symbol table, and names that people read.
#include <cxxabi.h>
#include <elf.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "profile/symbols.hpp"

namespace urb {
namespace {

// A structure of the file at `offset`. Throws where the file is too short for it.
template <typename T>
T read_at(std::string_view program, std::uint64_t offset) {
  T value{};
  if (offset > program.size() || sizeof value > program.size() - offset) {
    throw std::runtime_error{"a program ends before its symbols"};
  }
  std::memcpy(&value, program.data() + offset, sizeof value);
  return value;
}

std::string read_name(std::string_view program, std::uint64_t offset) {
  if (offset >= program.size()) throw std::runtime_error{"a program ends before its names"};
  const std::string_view rest = program.substr(offset);
  return std::string{rest.substr(0, rest.find('\0'))};
}

std::string demangle(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text{
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free};
  return text ? std::string{text.get()} : symbol;
}

// Without what stands between brackets. Words with brackets of their own stay.
std::string without_brackets(std::string_view text, char open, char close) {
  constexpr std::string_view kKept[]{"(anonymous namespace)",
                                     "operator()",
                                     "operator<<",
                                     "operator<=>",
                                     "operator<=",
                                     "operator<",
                                     "operator->",
                                     "operator>>",
                                     "operator>"};
  std::string kept;
  int depth = 0;
  while (!text.empty()) {
    bool is_word = false;
    for (const std::string_view word : kKept) {
      if (!text.starts_with(word)) continue;
      if (depth == 0) kept += word;
      text.remove_prefix(word.size());
      is_word = true;
      break;
    }
    if (is_word) continue;
    const char letter = text.front();
    text.remove_prefix(1);
    if (letter == open) ++depth;
    if (depth == 0) kept += letter;
    if (letter == close && depth > 0) --depth;
  }
  return kept;
}

void erase_all(std::string& text, std::string_view what) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos;) {
    text.erase(at, what.size());
  }
}

}  // namespace

std::string short_function_name(const std::string& symbol) {
  // The compiler's copies: of a C++ name the demangler would say "[clone .cold]".
  const std::size_t dot = symbol.find('.', 1);
  std::string base = symbol.substr(0, dot);
  if (!base.starts_with("_Z")) return base;
  std::string name = without_brackets(demangle(base), '<', '>');
  name = without_brackets(name, '(', ')');
  name = without_brackets(name, '[', ']');  // [abi:cxx11]
  erase_all(name, " const");
  erase_all(name, " noexcept");
  erase_all(name, "(anonymous namespace)::");
  // What is left before a space is the type that a template returns.
  const std::size_t operator_at = name.find("operator");
  const std::size_t space = name.rfind(' ', operator_at);
  if (space != std::string::npos && space + 1 < name.size()) name.erase(0, space + 1);
  return name.empty() ? base : name;
}

SymbolTable read_elf_functions(std::string_view program) {
  const auto head = read_at<Elf64_Ehdr>(program, 0);
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64) {
    throw std::runtime_error{"no program in the ELF format of 64 bits"};
  }
  std::vector<Symbol> symbols;
  for (unsigned index = 0; index < head.e_shnum; ++index) {
    const auto section =
        read_at<Elf64_Shdr>(program, head.e_shoff + std::uint64_t{index} * head.e_shentsize);
    if (section.sh_type != SHT_SYMTAB) continue;
    const auto names = read_at<Elf64_Shdr>(
        program, head.e_shoff + std::uint64_t{section.sh_link} * head.e_shentsize);
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
      const auto entry = read_at<Elf64_Sym>(program, section.sh_offset + at);
      const auto type = ELF64_ST_TYPE(entry.st_info);
      // The C library chooses some of its functions at the start (STT_GNU_IFUNC).
      if ((type != STT_FUNC && type != STT_GNU_IFUNC) || entry.st_shndx == SHN_UNDEF) continue;
      symbols.push_back(
          {entry.st_value, entry.st_size, read_name(program, names.sh_offset + entry.st_name)});
    }
  }
  return SymbolTable{std::move(symbols)};
}

}  // namespace urb
