// The kernel's own types, as it describes them: BTF (Documentation/bpf/btf.rst). Programs for the
// kernel name types and functions by their numbers in it, which differ from build to build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace urb {

/// Numbers of <linux/btf.h>.
enum class TypeKind : std::uint8_t { structure = 4, function = 12 };

class KernelTypes {
 public:
  /// `btf` as it is in /sys/kernel/btf/vmlinux. Throws runtime_error where it is damaged, or has a
  /// kind of type that is not known here.
  explicit KernelTypes(std::string btf);
  /// Those of the running kernel. Throws Unsupported where it does not tell.
  [[nodiscard]] static KernelTypes read();

  /// The first of that name.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name, TypeKind kind) const;
  /// Of a structure, in bytes.
  [[nodiscard]] std::uint32_t size_of(std::uint32_t structure) const;
  /// Where in `structure` its member of the type `type` begins, in bytes.
  [[nodiscard]] std::optional<std::uint32_t> offset_of(std::uint32_t structure,
                                                       std::uint32_t type) const;

 private:
  struct Type {
    std::uint32_t name_offset;
    std::uint32_t info;
    std::uint32_t size;  ///< or another type
  };
  [[nodiscard]] std::uint32_t word_at(std::size_t offset) const;
  [[nodiscard]] Type type_at(std::size_t offset) const;
  [[nodiscard]] std::string_view name_at(std::uint32_t offset) const;

  std::string btf_;
  std::size_t strings_ = 0;
  std::vector<std::size_t> offsets_;  ///< of each type, by its number
};

}  // namespace urb
