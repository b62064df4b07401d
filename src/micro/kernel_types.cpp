#include "micro/kernel_types.hpp"

#include <linux/btf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "base/error.hpp"

namespace urb {
namespace {

[[noreturn]] void throw_damaged() {
  throw std::runtime_error("the kernel's description of its types (BTF) cannot be read");
}

constexpr std::size_t kTypeBytes = 12;

// What follows a type, in bytes.
std::size_t bytes_behind(std::uint32_t kind, std::uint32_t members) {
  switch (kind) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG: return 4;
    case BTF_KIND_ARRAY: return 12;
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
    case BTF_KIND_DATASEC:
    case BTF_KIND_ENUM64: return std::size_t{12} * members;
    case BTF_KIND_ENUM:
    case BTF_KIND_FUNC_PROTO: return std::size_t{8} * members;
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG: return 0;
    default: throw_damaged();
  }
}

}  // namespace

std::uint32_t KernelTypes::word_at(std::size_t offset) const {
  std::uint32_t word = 0;
  if (offset > btf_.size() || btf_.size() - offset < sizeof word) throw_damaged();
  std::memcpy(&word, btf_.data() + offset, sizeof word);
  return word;
}

KernelTypes::Type KernelTypes::type_at(std::size_t offset) const {
  return {word_at(offset), word_at(offset + 4), word_at(offset + 8)};
}

std::string_view KernelTypes::name_at(std::uint32_t offset) const {
  const std::size_t begin = strings_ + offset;
  const std::size_t end = btf_.find('\0', begin);
  if (begin >= btf_.size() || end == std::string::npos) throw_damaged();
  return std::string_view{btf_}.substr(begin, end - begin);
}

KernelTypes::KernelTypes(std::string btf) : btf_{std::move(btf)} {
  if ((word_at(0) & 0xffffU) != BTF_MAGIC) throw_damaged();
  const std::size_t header_bytes = word_at(4);
  const std::size_t begin = header_bytes + word_at(8);
  const std::size_t end = begin + word_at(12);
  strings_ = header_bytes + word_at(16);
  offsets_.push_back(0);  // void has no description
  for (std::size_t at = begin; at < end;) {
    const Type type = type_at(at);
    offsets_.push_back(at);
    at += kTypeBytes + bytes_behind(BTF_INFO_KIND(type.info), BTF_INFO_VLEN(type.info));
  }
}

KernelTypes KernelTypes::read() {
  std::ifstream file{"/sys/kernel/btf/vmlinux", std::ios::binary};
  std::string btf{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  if (btf.empty()) {
    throw Unsupported(
        "there is no /sys/kernel/btf/vmlinux: this needs a kernel with CONFIG_DEBUG_INFO_BTF, and "
        "/sys");
  }
  return KernelTypes{std::move(btf)};
}

std::optional<std::uint32_t> KernelTypes::find(std::string_view name, TypeKind kind) const {
  for (std::uint32_t id = 1; id < offsets_.size(); ++id) {
    const Type type = type_at(offsets_[id]);
    const bool is_kind = BTF_INFO_KIND(type.info) == static_cast<std::uint32_t>(kind);
    if (is_kind && name_at(type.name_offset) == name) return id;
  }
  return std::nullopt;
}

std::uint32_t KernelTypes::size_of(std::uint32_t structure) const {
  return type_at(offsets_.at(structure)).size;
}

std::optional<std::uint32_t> KernelTypes::offset_of(std::uint32_t structure,
                                                    std::uint32_t type) const {
  constexpr std::size_t kMemberBytes = 12;
  constexpr std::uint32_t kBits = 8;
  const std::size_t at = offsets_.at(structure);
  const std::uint32_t members = BTF_INFO_VLEN(type_at(at).info);
  for (std::size_t member = 0; member < members; ++member) {
    const std::size_t here = at + kTypeBytes + member * kMemberBytes;
    if (word_at(here + 4) == type) return word_at(here + 8) / kBits;
  }
  return std::nullopt;
}

}  // namespace urb
