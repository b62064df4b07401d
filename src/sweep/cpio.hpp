// An archive in the format that the kernel unpacks as its initramfs: cpio "newc"
// (Documentation/driver-api/early-userspace/buffer-format.rst). Pure, and the same bytes each time:
// no owner, no time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace urb {

class CpioWriter {
 public:
  // Folders come before what is in them; names are relative, without a leading slash.
  void add_folder(std::string_view name);
  void add_file(std::string_view name, std::string_view bytes, bool is_executable = false);
  /// A node in the archive alone: making it needs no privileges here.
  void add_character_device(std::string_view name, unsigned major, unsigned minor);
  /// The whole archive; nothing can be added any more.
  [[nodiscard]] std::string finish() &&;

 private:
  void add(std::string_view name, std::uint32_t mode, std::string_view bytes, unsigned major = 0,
           unsigned minor = 0);
  void pad();

  std::string archive_;
  std::uint32_t next_inode_ = 1;
};

}  // namespace urb
