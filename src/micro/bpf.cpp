#include "micro/bpf.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace urb {
namespace {

std::uint64_t address_of(const void* memory) noexcept {
  return reinterpret_cast<std::uintptr_t>(memory);
}

// The last line that is no statistic says why.
std::string last_reason(const std::string& log) {
  std::string reason;
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t end = std::min(log.find('\n', at), log.size());
    const std::string line = log.substr(at, end - at);
    if (!line.empty() && !line.starts_with("processed ")) reason = line;
    at = end + 1;
  }
  return reason;
}

}  // namespace

void BpfCode::add_instruction(unsigned opcode, Reg to, Reg from, std::size_t offset,
                              std::int32_t value) {
  bpf_insn instruction{};
  instruction.code = static_cast<std::uint8_t>(opcode);
  instruction.dst_reg = static_cast<std::uint8_t>(to) & 0xfU;
  instruction.src_reg = static_cast<std::uint8_t>(from) & 0xfU;
  instruction.off = static_cast<std::int16_t>(offset);
  instruction.imm = value;
  code_.push_back(instruction);
}

void BpfCode::load_wide(Reg to, unsigned kind, int map) {
  add_instruction(BPF_LD | BPF_DW | BPF_IMM, to, static_cast<Reg>(kind), 0, map);
  add_instruction(0, {}, {}, 0, 0);
}

void BpfCode::jump_by(unsigned opcode, Reg one, Reg other, std::int32_t value,
                      std::string_view label) {
  jumps_.emplace_back(label, code_.size());
  add_instruction(opcode, one, other, 0, value);
}

std::vector<bpf_insn> BpfCode::finish() const {
  std::vector<bpf_insn> code = code_;
  for (const auto& [name, from] : jumps_) {
    const auto label = std::find_if(labels_.begin(), labels_.end(),
                                    [&name = name](const auto& it) { return it.first == name; });
    URB_ASSERT(label != labels_.end());
    // Jumps count from the next instruction on.
    code[from].off = static_cast<std::int16_t>(static_cast<std::ptrdiff_t>(label->second) -
                                               static_cast<std::ptrdiff_t>(from) - 1);
  }
  return code;
}

int call_bpf(bpf_cmd command, bpf_attr& attributes, const char* what) {
  const auto result = static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
  if (result >= 0) return result;
  const int error = errno;
  // A verifier that refuses says EACCES as well: that is no missing privilege.
  if (error == EPERM) {
    throw Unsupported(std::string{what} +
                      " is not permitted: programs for the kernel need CAP_BPF, CAP_PERFMON and "
                      "CAP_NET_ADMIN, and no filter of bpf(2); run it as root");
  }
  if (error == ENOSYS) throw Unsupported("this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)");
  throw SysError(what, error, hint_for_errno(error));
}

Fd make_shared_value_map(std::size_t bytes) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = static_cast<std::uint32_t>(bytes);
  attributes.max_entries = 1;
  attributes.map_flags = BPF_F_MMAPABLE;
  return Fd{Adopt{}, call_bpf(BPF_MAP_CREATE, attributes, "BPF_MAP_CREATE of an array")};
}

Fd load_bpf_program(const BpfCode& code, bpf_attr attributes) {
  const std::vector<bpf_insn> instructions = code.finish();
  constexpr char kLicense[] = "GPL";  // struct_ops and functions of the kernel ask for it
  std::string log(64 * 1024, '\0');
  attributes.insns = address_of(instructions.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(instructions.size());
  attributes.license = address_of(kLicense);
  attributes.log_buf = address_of(log.data());
  attributes.log_size = static_cast<std::uint32_t>(log.size());
  attributes.log_level = 1;
  try {
    return Fd{Adopt{}, call_bpf(BPF_PROG_LOAD, attributes, "BPF_PROG_LOAD")};
  } catch (const SysError& error) {
    log.resize(std::strlen(log.c_str()));
    const std::string reason = last_reason(log);
    throw SysError(error.call(), error.error(), reason.empty() ? error.hint() : reason);
  }
}

void update_bpf_map(int map, std::uint32_t key, const void* value) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(&key);
  attributes.value = address_of(value);
  call_bpf(BPF_MAP_UPDATE_ELEM, attributes, "BPF_MAP_UPDATE_ELEM");
}

void delete_from_bpf_map(int map, std::uint32_t key) noexcept {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(&key);
  syscall(SYS_bpf, BPF_MAP_DELETE_ELEM, &attributes, sizeof attributes);
}

}  // namespace urb
