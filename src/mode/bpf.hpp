// The few calls of bpf(2) that a program of some instructions needs, and an assembler for it.
//
// No library: a program that is a list of instructions needs no object file and no loader, and so
// neither clang nor libbpf. Decision 0040 says more.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"

namespace urb {

/// A register of the machine, BPF_REG_0 to BPF_REG_10.
using BpfRegister = std::uint8_t;

/// A list of instructions with labels. Each function appends one instruction of that meaning.
class BpfAssembler {
 public:
  /// A place in the program. It may be jumped to before it is placed.
  struct Label {
    std::size_t index;
  };
  [[nodiscard]] Label make_label();
  void place(Label label);

  void move(BpfRegister to, BpfRegister from);
  void set(BpfRegister to, std::int32_t value);
  /// `op` is BPF_ADD, BPF_SUB, BPF_MOD, …, of 64 bits.
  void compute(std::uint8_t op, BpfRegister to, BpfRegister by);
  void compute(std::uint8_t op, BpfRegister to, std::int32_t by);
  void load8(BpfRegister to, BpfRegister base, std::int16_t offset);
  void load64(BpfRegister to, BpfRegister base, std::int16_t offset);
  void store32(BpfRegister base, std::int16_t offset, BpfRegister from);
  void store64(BpfRegister base, std::int16_t offset, BpfRegister from);
  /// Adds `by` to the word in memory; `by` then holds what was there (Linux 5.12).
  void fetch_add64(BpfRegister base, std::int16_t offset, BpfRegister by);
  /// The map itself, for a helper.
  void load_map(BpfRegister to, int map);
  /// The address of the only value of an array (Linux 5.2).
  void load_map_value(BpfRegister to, int map);
  void call(std::int32_t helper);
  /// `op` is BPF_JEQ, BPF_JNE, BPF_JLT, BPF_JSLT, …, of 64 bits.
  void jump_if(std::uint8_t op, BpfRegister left, BpfRegister right, Label target);
  void jump_if(std::uint8_t op, BpfRegister left, std::int32_t right, Label target);
  void exit();

  /// The finished program. Every label that was jumped to has been placed.
  [[nodiscard]] std::vector<bpf_insn> take();

 private:
  struct Jump {
    std::size_t from;
    std::size_t label;
  };
  void emit(std::uint8_t code, BpfRegister to, BpfRegister from, std::int16_t offset,
            std::int32_t immediate);
  void emit_address(BpfRegister to, std::uint8_t kind, int map);

  std::vector<bpf_insn> program_;
  std::vector<std::size_t> places_;  ///< of the labels
  std::vector<Jump> jumps_;
};

/// What a map is made as. `key_bytes` is 4 for all that are used here.
struct BpfMapSpec {
  bpf_map_type type;
  std::uint32_t value_bytes;
  std::uint32_t entries;
  std::uint32_t flags = 0;
};

/// The caller owns the map. Throws Unsupported where this process may make none, with the remedy,
/// and SysError for anything else.
[[nodiscard]] Fd make_bpf_map(const BpfMapSpec& spec);
/// Stores a descriptor's number, which the kernel makes a reference of. Throws SysError.
void store_in_bpf_map(int map, std::uint32_t key, int descriptor);
/// The caller owns the program. Throws as make_bpf_map(), also where the verifier refuses.
[[nodiscard]] Fd load_bpf_program(bpf_prog_type type, const std::vector<bpf_insn>& program);

/// One line: why bpf(2) refused `what`, and the remedy. `error` is a positive errno.
[[nodiscard]] std::string describe_bpf_refusal(std::string_view what, int error);

}  // namespace urb
