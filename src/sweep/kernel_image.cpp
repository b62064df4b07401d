// The boot header, and a search for modules.
#include "sweep/kernel_image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>

#include "base/error.hpp"
#include "base/small_files.hpp"

namespace urb {
namespace {

namespace fs = std::filesystem;

// kTLS and AES by the CPU's instructions, in the order in which they need each other; built in
// where they are missing, or left out.
constexpr std::array kModules{"crypto_null",   "ctr",         "gf128mul",
                              "ghash-generic", "gcm",         "cryptd",
                              "crypto_simd",   "aesni-intel", "tls"};
// The card of QEMU's smallest machine. Up to 6.1 the first two are modules too.
constexpr std::array kNetworkModules{"virtio",   "virtio_ring",  "virtio_mmio",
                                     "failover", "net_failover", "virtio_net"};

std::string read_begin(const std::string& path) {
  constexpr std::size_t kHeaderMax = 0x10000;  // the version line is within the real-mode part
  std::ifstream file{path, std::ios::binary};
  if (!file) throw_errno(fmt::format("open {}", path).c_str());
  std::string bytes(kHeaderMax, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

// Packages have them deep in a tree, and compressed from 6.12 on.
std::vector<std::string> find_modules(const std::string& folder,
                                      std::span<const char* const> wanted) {
  std::error_code error;
  std::vector<std::string> found(wanted.size());
  for (fs::recursive_directory_iterator at{folder, error}, end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    for (std::size_t index = 0; index < wanted.size(); ++index) {
      const std::string module = std::string{wanted[index]} + ".ko";
      if (name == module || name == module + ".xz") found[index] = at->path().string();
    }
  }
  if (error) {
    throw UsageError(fmt::format("module folder {} cannot be read: {}", folder, error.message()));
  }
  std::vector<std::string> modules;
  std::copy_if(found.begin(), found.end(), std::back_inserter(modules),
               [](const std::string& path) { return !path.empty(); });
  return modules;
}

// A distribution has both in /boot; tools/fetch-kernels has a folder for each kernel.
std::string find_config(const std::string& image) {
  constexpr std::string_view kPrefix = "vmlinuz-";
  const fs::path path{image};
  const std::string name = path.filename().string();
  const std::string suffix = name.starts_with(kPrefix) ? name.substr(kPrefix.size() - 1) : "";
  return path.parent_path() / ("config" + suffix);
}

unsigned read_u16(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) + 256U * static_cast<unsigned char>(bytes[at + 1]);
}

}  // namespace

std::string find_version_line(std::string_view image) {
  constexpr std::size_t kMagicAt = 0x202;
  constexpr std::size_t kVersionAt = 0x20e;  // where the line begins, less 0x200
  constexpr std::size_t kSetupStart = 0x200;
  constexpr std::string_view kMagic = "HdrS";
  if (image.size() < kVersionAt + 2 || image.substr(kMagicAt, kMagic.size()) != kMagic) return {};
  const std::size_t at = read_u16(image, kVersionAt) + kSetupStart;
  if (at == kSetupStart || at >= image.size()) return {};
  const std::string_view rest = image.substr(at);
  return std::string{rest.substr(0, rest.find('\0'))};
}

KernelImage read_kernel(std::string_view spec) {
  const std::size_t comma = spec.find(',');
  KernelImage kernel;
  kernel.path = spec.substr(0, comma);
  const std::string line = find_version_line(read_begin(kernel.path));
  if (line.empty()) {
    throw UsageError(
        fmt::format("{} is no x86 kernel image (a bzImage, as in /boot/vmlinuz-*; "
                    "tools/fetch-kernels gets some)",
                    kernel.path));
  }
  kernel.release = line.substr(0, line.find(' '));
  // Without who built it, which comes between the two.
  const std::size_t build = line.find('#');
  if (build != std::string::npos) kernel.build = line.substr(build);
  // It becomes the name of a file.
  if (kernel.release.empty() || kernel.release.find('/') != std::string::npos) {
    throw UsageError(fmt::format("{} names no kernel release", kernel.path));
  }
  if (comma != std::string_view::npos) {
    const std::string folder{spec.substr(comma + 1)};
    kernel.modules = find_modules(folder, kModules);
    kernel.network_modules = find_modules(folder, kNetworkModules);
    std::vector<std::string>& network = kernel.network_modules;
    const bool has_card =
        !network.empty() &&
        fs::path{network.back()}.filename().string().starts_with(kNetworkModules.back());
    if (!has_card) network.clear();
  }
  kernel.config = parse_config(read_small_file(find_config(kernel.path)), kernel.build);
  return kernel;
}

}  // namespace urb
