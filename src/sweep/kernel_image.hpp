// A kernel to boot: an x86 bzImage, what it says of itself, and modules beside it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probe/host_settings.hpp"

namespace urb {

struct KernelImage {
  std::string path;
  std::string release;  ///< as `uname -r` would print it
  std::string build;    ///< "#1 SMP Debian 6.1.192-2 (2026-11-16)", as `uname -v` would
  std::vector<std::string> modules;  ///< paths, in the order in which to load them
  /// Likewise, for a machine with a network card (virtio); empty without the card's own.
  std::vector<std::string> network_modules;
  ConfigSettings config;  ///< of the file beside it: `config`, or `config-X` beside `vmlinuz-X`
};

/// "VMLINUZ" or "VMLINUZ,MODULE_DIR". Of the folder and those in it, the modules that a mode can
/// use are taken, as far as they are there. Throws UsageError for what is no kernel image or no
/// folder, SysError for what cannot be read. A configuration that is not there is not missed.
[[nodiscard]] KernelImage read_kernel(std::string_view spec);

/// The version line in the header of a bzImage (Documentation/arch/x86/boot.rst, kernel_version);
/// empty when the bytes are not the begin of one.
[[nodiscard]] std::string find_version_line(std::string_view image);

}  // namespace urb
