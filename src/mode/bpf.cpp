// Encodings as in linux/bpf.h and Documentation/bpf/standardization/instruction-set.rst.
#include "mode/bpf.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/refusal.hpp"

namespace urb {
namespace {

constexpr std::size_t kNotPlaced = std::numeric_limits<std::size_t>::max();

// Negative: -errno. glibc has no wrapper.
int call_bpf(bpf_cmd command, bpf_attr& attributes) noexcept {
  const long result = syscall(SYS_bpf, command, &attributes, sizeof attributes);
  return result < 0 ? -errno : static_cast<int>(result);
}

[[noreturn]] void throw_bpf(const char* what, int error) {
  if (is_refusal(error)) throw Unsupported(describe_bpf_refusal(what, error));
  throw SysError(what, error, hint_for_errno(error));
}

// The verifier writes what it walks through, the reason, and then its statistics.
std::string_view last_reason(std::string_view log) {
  log = log.substr(0, log.rfind("processed "));
  log = log.substr(0, log.find_last_not_of('\n') + 1);
  return log.substr(log.rfind('\n') + 1);
}

}  // namespace

BpfAssembler::Label BpfAssembler::make_label() {
  places_.push_back(kNotPlaced);
  return {places_.size() - 1};
}

void BpfAssembler::place(Label label) { places_.at(label.index) = program_.size(); }

void BpfAssembler::emit(std::uint8_t code, BpfRegister to, BpfRegister from, std::int16_t offset,
                        std::int32_t immediate) {
  bpf_insn one{};
  one.code = code;
  one.dst_reg = to & 0xF;
  one.src_reg = from & 0xF;
  one.off = offset;
  one.imm = immediate;
  program_.push_back(one);
}

void BpfAssembler::move(BpfRegister to, BpfRegister from) {
  emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
void BpfAssembler::set(BpfRegister to, std::int32_t value) {
  emit(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}
void BpfAssembler::compute(std::uint8_t op, BpfRegister to, BpfRegister by) {
  emit(BPF_ALU64 | op | BPF_X, to, by, 0, 0);
}
void BpfAssembler::compute(std::uint8_t op, BpfRegister to, std::int32_t by) {
  emit(BPF_ALU64 | op | BPF_K, to, 0, 0, by);
}
void BpfAssembler::load8(BpfRegister to, BpfRegister base, std::int16_t offset) {
  emit(BPF_LDX | BPF_MEM | BPF_B, to, base, offset, 0);
}
void BpfAssembler::load64(BpfRegister to, BpfRegister base, std::int16_t offset) {
  emit(BPF_LDX | BPF_MEM | BPF_DW, to, base, offset, 0);
}
void BpfAssembler::store32(BpfRegister base, std::int16_t offset, BpfRegister from) {
  emit(BPF_STX | BPF_MEM | BPF_W, base, from, offset, 0);
}
void BpfAssembler::store64(BpfRegister base, std::int16_t offset, BpfRegister from) {
  emit(BPF_STX | BPF_MEM | BPF_DW, base, from, offset, 0);
}
void BpfAssembler::fetch_add64(BpfRegister base, std::int16_t offset, BpfRegister by) {
  emit(BPF_STX | BPF_ATOMIC | BPF_DW, base, by, offset, BPF_ADD | BPF_FETCH);
}
void BpfAssembler::emit_address(BpfRegister to, std::uint8_t kind, int map) {
  emit(BPF_LD | BPF_DW | BPF_IMM, to, kind, 0, map);
  emit(0, 0, 0, 0, 0);  // the upper half: the offset in the value
}
void BpfAssembler::load_map(BpfRegister to, int map) { emit_address(to, BPF_PSEUDO_MAP_FD, map); }
void BpfAssembler::load_map_value(BpfRegister to, int map) {
  emit_address(to, BPF_PSEUDO_MAP_VALUE, map);
}
void BpfAssembler::call(std::int32_t helper) { emit(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
void BpfAssembler::jump_if(std::uint8_t op, BpfRegister left, BpfRegister right, Label target) {
  jumps_.push_back({program_.size(), target.index});
  emit(BPF_JMP | op | BPF_X, left, right, 0, 0);
}
void BpfAssembler::jump_if(std::uint8_t op, BpfRegister left, std::int32_t right, Label target) {
  jumps_.push_back({program_.size(), target.index});
  emit(BPF_JMP | op | BPF_K, left, 0, 0, right);
}
void BpfAssembler::exit() { emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

std::vector<bpf_insn> BpfAssembler::take() {
  for (const Jump& jump : jumps_) {
    const std::size_t place = places_.at(jump.label);
    URB_ASSERT(place != kNotPlaced);
    // Counted from the instruction behind the jump.
    const auto distance =
        static_cast<std::ptrdiff_t>(place) - static_cast<std::ptrdiff_t>(jump.from) - 1;
    program_[jump.from].off = static_cast<std::int16_t>(distance);
  }
  return std::move(program_);
}

Fd make_bpf_map(const BpfMapSpec& spec) {
  bpf_attr attributes{};
  attributes.map_type = spec.type;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = spec.value_bytes;
  attributes.max_entries = spec.entries;
  attributes.map_flags = spec.flags;
  const int map = call_bpf(BPF_MAP_CREATE, attributes);
  if (map < 0) throw_bpf("bpf: a map", -map);
  return Fd{Adopt{}, map};
}

void store_in_bpf_map(int map, std::uint32_t key, int descriptor) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = reinterpret_cast<std::uintptr_t>(&key);
  attributes.value = reinterpret_cast<std::uintptr_t>(&descriptor);
  attributes.flags = BPF_ANY;
  const int result = call_bpf(BPF_MAP_UPDATE_ELEM, attributes);
  if (result < 0) throw SysError("bpf: an entry of a map", -result);
}

Fd load_bpf_program(bpf_prog_type type, const std::vector<bpf_insn>& program) {
  constexpr char kLicense[] = "MIT";  // no helper that is used asks for the GPL
  std::vector<char> log(64 * 1024);
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.insns = reinterpret_cast<std::uintptr_t>(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = reinterpret_cast<std::uintptr_t>(kLicense);
  // The verifier gives up when this thread has other work to do, such as a ring's
  // (kernel/bpf/verifier.c, 6.18). libbpf tries five times too.
  int loaded = -EAGAIN;
  for (int tries = 5; loaded == -EAGAIN && tries > 0; --tries) {
    loaded = call_bpf(BPF_PROG_LOAD, attributes);
  }
  if (loaded >= 0) return Fd{Adopt{}, loaded};
  if (loaded == -EPERM || loaded == -ENOSYS) throw_bpf("bpf: a program", -loaded);
  // Once more for the verifier's reason.
  attributes.log_buf = reinterpret_cast<std::uintptr_t>(log.data());
  attributes.log_size = static_cast<std::uint32_t>(log.size());
  attributes.log_level = 1;
  const int again = call_bpf(BPF_PROG_LOAD, attributes);
  if (again >= 0) return Fd{Adopt{}, again};
  throw Unsupported(
      fmt::format("this kernel's verifier refuses the program, which Linux 5.12 and later take: "
                  "{} (errno {})",
                  last_reason({log.data()}), -loaded));
}

std::string describe_bpf_refusal(std::string_view what, int error) {
  if (error == ENOSYS) {
    return fmt::format(
        "{}: this kernel has no bpf(2), or a filter hides it; a kernel with "
        "CONFIG_BPF_SYSCALL is needed",
        what);
  }
  return fmt::format(
      "{}: not permitted; run with CAP_BPF (setpriv, systemd's AmbientCapabilities=CAP_BPF, "
      "docker --cap-add BPF), or choose --policy random, which needs no privilege",
      what);
}

}  // namespace urb
