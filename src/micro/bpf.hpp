// Programs for the kernel by bpf(2), written instruction by instruction: the ones here are short,
// and need neither a compiler for BPF nor a library.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"

namespace urb {

/// Calls arguments go in r1 to r5, results come in r0. r6 to r9 outlast a call (the instruction
/// set's own document, Documentation/bpf/standardization/instruction-set.rst).
enum class BpfRegister : std::uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 };

/// Collects instructions. A label is a name, and may be used before it is placed.
class BpfCode {
 public:
  using Reg = BpfRegister;

  void set(Reg to, Reg from) { add_instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void set(Reg to, std::int32_t value) {
    add_instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, {}, 0, value);
  }
  /// `operation`: BPF_ADD, BPF_SUB, BPF_AND, BPF_LSH and so on, in 64 bits.
  void compute(std::uint8_t operation, Reg to, Reg from) {
    add_instruction(BPF_ALU64 | operation | BPF_X, to, from, 0, 0);
  }
  void compute(std::uint8_t operation, Reg to, std::int32_t value) {
    add_instruction(BPF_ALU64 | operation | BPF_K, to, {}, 0, value);
  }
  /// `size`: BPF_B, BPF_H, BPF_W or BPF_DW. The rest of the register is zeroed.
  void load(std::uint8_t size, Reg to, Reg base, std::size_t offset) {
    add_instruction(BPF_LDX | BPF_MEM | size, to, base, offset, 0);
  }
  void store(std::uint8_t size, Reg base, std::size_t offset, Reg from) {
    add_instruction(BPF_STX | BPF_MEM | size, base, from, offset, 0);
  }
  void store(std::uint8_t size, Reg base, std::size_t offset, std::int32_t value) {
    add_instruction(BPF_ST | BPF_MEM | size, base, {}, offset, value);
  }
  /// The map itself, for helpers.
  void load_map(Reg to, int map) { load_wide(to, BPF_PSEUDO_MAP_FD, map); }
  /// The address of the first value of an array map.
  void load_value_address(Reg to, int map) { load_wide(to, BPF_PSEUDO_MAP_VALUE, map); }
  void call_helper(std::int32_t helper) { add_instruction(BPF_JMP | BPF_CALL, {}, {}, 0, helper); }
  /// A function of the kernel, by its number among the kernel's types.
  void call_kernel(std::uint32_t function) {
    add_instruction(BPF_JMP | BPF_CALL, {}, BpfRegister{BPF_PSEUDO_KFUNC_CALL}, 0,
                    static_cast<std::int32_t>(function));
  }
  void leave(std::int32_t result) {
    set(Reg::r0, result);
    leave();
  }
  void leave() { add_instruction(BPF_JMP | BPF_EXIT, {}, {}, 0, 0); }
  void jump(std::string_view label) { jump_by(BPF_JMP | BPF_JA, {}, {}, 0, label); }
  /// `condition`: BPF_JEQ, BPF_JNE, BPF_JLT, BPF_JLE and so on, of 64 bits without sign.
  void jump_if(std::uint8_t condition, Reg one, std::int32_t other, std::string_view label) {
    jump_by(BPF_JMP | condition | BPF_K, one, {}, other, label);
  }
  void jump_if(std::uint8_t condition, Reg one, Reg other, std::string_view label) {
    jump_by(BPF_JMP | condition | BPF_X, one, other, 0, label);
  }
  /// Of the lower 32 bits.
  void jump_if_32(std::uint8_t condition, Reg one, std::int32_t other, std::string_view label) {
    jump_by(BPF_JMP32 | condition | BPF_K, one, {}, other, label);
  }
  void place(std::string_view label) { labels_.emplace_back(label, code_.size()); }
  /// With its jumps resolved. Each label that is used has to be placed.
  [[nodiscard]] std::vector<bpf_insn> finish() const;

 private:
  void add_instruction(unsigned opcode, Reg to, Reg from, std::size_t offset, std::int32_t value);
  void load_wide(Reg to, unsigned kind, int map);
  void jump_by(unsigned opcode, Reg one, Reg other, std::int32_t value, std::string_view label);

  std::vector<bpf_insn> code_;
  std::vector<std::pair<std::string, std::size_t>> labels_;
  std::vector<std::pair<std::string, std::size_t>> jumps_;
};

/// bpf(2). Throws Unsupported for a missing privilege or a kernel without it, SysError otherwise,
/// with `what` as the call that failed.
int call_bpf(bpf_cmd command, bpf_attr& attributes, const char* what);

/// An array of one value of `bytes`, which the process may map.
[[nodiscard]] Fd make_shared_value_map(std::size_t bytes);
/// A program of `code`. `attributes` has its type and what it is attached to. A verifier that
/// refuses is a SysError with its last line.
[[nodiscard]] Fd load_bpf_program(const BpfCode& code, bpf_attr attributes);
void update_bpf_map(int map, std::uint32_t key, const void* value);
void delete_from_bpf_map(int map, std::uint32_t key) noexcept;

}  // namespace urb
