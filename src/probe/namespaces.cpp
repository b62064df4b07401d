// Links in /proc/<pid>/ns, and names in /run/netns.
#include "probe/namespaces.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <charconv>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "base/small_files.hpp"

namespace urb {
namespace {

std::string link_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  return error ? std::string{} : target.string();
}

std::optional<pid_t> number_of(const std::string& name) {
  pid_t pid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) return std::nullopt;
  return pid;
}

}  // namespace

std::string own_namespace(const std::string& kind) { return link_of("/proc/self/ns/" + kind); }

std::optional<pid_t> parse_innermost_pid(const std::string& status) {
  constexpr std::string_view kKey = "NSpid:";
  std::istringstream lines{status};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kKey)) continue;
    std::istringstream numbers{line.substr(kKey.size())};
    std::optional<pid_t> last;
    for (pid_t pid = 0; numbers >> pid;) last = pid;
    return last;
  }
  return std::nullopt;
}

std::optional<pid_t> find_process(const std::string& where, pid_t pid) {
  if (where.empty()) return std::nullopt;
  if (where == own_namespace("pid")) return pid;
  std::error_code error;
  std::filesystem::directory_iterator entry{"/proc", error};
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    const std::optional<pid_t> here = number_of(entry->path().filename().string());
    if (!here || link_of(entry->path() / "ns/pid") != where) continue;
    if (parse_innermost_pid(read_small_file(entry->path() / "status")) == pid) return here;
  }
  return std::nullopt;
}

std::string own_network_name() {
  struct stat own {};
  if (stat("/proc/self/ns/net", &own) != 0) return {};
  std::error_code error;
  std::filesystem::directory_iterator entry{"/run/netns", error};
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    struct stat named {};
    if (stat(entry->path().c_str(), &named) != 0) continue;
    if (named.st_ino == own.st_ino && named.st_dev == own.st_dev)
      return entry->path().filename().string();
  }
  return {};
}

std::string own_host_name() {
  utsname names{};
  std::string host = uname(&names) == 0 ? names.nodename : "";
  const std::string network = own_network_name();
  if (!network.empty()) host += "/" + network;
  return host;
}

}  // namespace urb
