// Addresses to names: a kernel's list of symbols, a program's own, and names as people write them.
#include "profile/symbols.hpp"

#include <doctest/doctest.h>
#include <elf.h>

#include <stdexcept>
#include <string>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

template <typename T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

Elf64_Shdr make_section(Elf64_Word type, Elf64_Off offset, Elf64_Xword size, Elf64_Word link) {
  Elf64_Shdr section{};
  section.sh_type = type;
  section.sh_offset = offset;
  section.sh_size = size;
  section.sh_link = link;
  return section;
}

Elf64_Sym make_symbol(Elf64_Word name, unsigned char type, Elf64_Addr address, Elf64_Xword size) {
  Elf64_Sym symbol{};
  symbol.st_name = name;
  symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, type);
  symbol.st_shndx = 1;
  symbol.st_value = address;
  symbol.st_size = size;
  return symbol;
}

// Of one function of 16 bytes at 0x1000, and of an object.
std::string make_program() {
  const std::string names{"\0_ZN3urb3runEv\0table\0", 21};
  std::string program;
  Elf64_Ehdr head{};
  for (std::size_t index = 0; index < SELFMAG; ++index) head.e_ident[index] = ELFMAG[index];
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = 3;
  const std::size_t symbols_at = sizeof head;
  const std::size_t names_at = symbols_at + 2 * sizeof(Elf64_Sym);
  head.e_shoff = names_at + names.size();
  append(program, head);
  append(program, make_symbol(1, STT_FUNC, 0x1000, 16));
  append(program, make_symbol(15, STT_OBJECT, 0x2000, 8));
  program += names;
  append(program, Elf64_Shdr{});
  append(program, make_section(SHT_SYMTAB, symbols_at, 2 * sizeof(Elf64_Sym), 2));
  append(program, make_section(SHT_STRTAB, names_at, names.size(), 0));
  return program;
}

TEST_CASE("symbols: an address is in the function that begins before it") {
  const SymbolTable table{{{0x2000, 0, "second"}, {0x1000, 0x10, "first"}}};
  CHECK(table.find(0xfff).empty());
  CHECK(table.find(0x1000) == "first");
  CHECK(table.find(0x100f) == "first");
  CHECK(table.find(0x1010).empty());
  CHECK(table.find(0x2100) == "second");
  // No function is as long as that.
  CHECK(table.find(0x2000 + 64 * 1024).empty());
}

TEST_CASE("symbols: of several names of one address the plainest is taken, in any order") {
  const Symbol plain{0x1000, 0, "memcpy"};
  const Symbol other{0x1000, 0, "__memcpy"};
  CHECK(SymbolTable{{plain, other}}.find(0x1000) == "memcpy");
  CHECK(SymbolTable{{other, plain}}.find(0x1000) == "memcpy");
}

TEST_CASE("symbols: of a kernel, functions and not data, modules' too, and no labels of sections") {
  const SymbolTable table = parse_kallsyms(
      "ffffffff81000000 T _stext\n"
      "ffffffff81000040 t do_work\n"
      "ffffffff81000060 d some_data\n"
      "ffffffff81000080 T _etext\n"
      "ffffffffc0000000 t tls_push\t[tls]\n");
  CHECK(table.find(0xffffffff81000061) == "do_work");
  CHECK(table.find(0xffffffff81000090).empty());
  CHECK(table.find(0xffffffffc0000004) == "tls_push");
}

TEST_CASE("symbols: what is no list of them, or hides its addresses, is refused") {
  CHECK_THROWS_AS(static_cast<void>(parse_kallsyms("")), std::runtime_error);
  CHECK_THROWS_AS(static_cast<void>(parse_kallsyms("kernel panic\n")), std::runtime_error);
  CHECK_THROWS_AS(static_cast<void>(parse_kallsyms("ffffffff81000000 T\n")), std::runtime_error);
  CHECK_THROWS_AS(static_cast<void>(parse_kallsyms("0000000000000000 T _stext\n")),
                  std::runtime_error);
}

TEST_CASE("symbols: of a program, its functions") {
  const std::string program = make_program();
  const SymbolTable table = read_elf_functions(program);
  CHECK(short_function_name(std::string{table.find(0x1008)}) == "urb::run");
  CHECK(table.find(0x2000).empty());
  CHECK_THROWS_AS(static_cast<void>(read_elf_functions("#!/bin/sh")), std::runtime_error);
  CHECK_THROWS_AS(static_cast<void>(read_elf_functions(program.substr(0, program.size() - 8))),
                  std::runtime_error);
}

TEST_CASE("symbols: names lose arguments, template arguments and the compiler's suffixes") {
  CHECK(short_function_name("memcpy") == "memcpy");
  CHECK(short_function_name("tcp_ack.part.0.cold") == "tcp_ack");
  CHECK(short_function_name("_ZN3urb3runEv.isra.0") == "urb::run");
  CHECK(short_function_name("_ZN3urb12_GLOBAL__N_14tickEv") == "urb::tick");
  CHECK(short_function_name(
            "_ZN3fmt2v96detail17copy_str_noinlineIcPKcNS0_8appenderEEET1_T0_S6_S5_") ==
        "fmt::v9::detail::copy_str_noinline");
  CHECK(short_function_name("_ZZN3urb3runEvENKUlvE_clEv") == "urb::run::{lambda#1}::operator()");
  CHECK(short_function_name("_ZN3urbltERKNS_1AES2_") == "urb::operator<");
  CHECK(short_function_name("_ZdlPvm") == "operator delete");
}

}  // namespace
}  // namespace urb
