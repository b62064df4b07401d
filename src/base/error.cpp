#include "base/error.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace urb {
namespace {

std::string describe(const std::string& call, int error, const std::string& hint) {
  std::string text = call + ": " + std::strerror(error);
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

}  // namespace

SysError::SysError(std::string call, int error, std::string hint)
    : std::runtime_error(describe(call, error, hint)),
      call_{std::move(call)},
      error_{error},
      hint_{std::move(hint)} {}

void throw_errno(const char* call, const char* hint) {
  const int error = errno;
  throw SysError(call, error, *hint != '\0' ? hint : hint_for_errno(error));
}

const char* hint_for_errno(int error) noexcept {
  switch (error) {
    case EMFILE: return "raise the limit of open files: ulimit -n";
    case ENFILE: return "raise the system's limit of open files: sysctl fs.file-max";
    case ENOMEM: return "free memory, or raise ulimit -l: registered buffers count against it";
    case EADDRINUSE:
      return "another process listens there; choose another port, or 0 for a free one";
    case EADDRNOTAVAIL:
      return "no such local address, or all local ports are in use: raise sysctl "
             "net.ipv4.ip_local_port_range, or use --reuse yes";
    case ENETUNREACH: return "no device leads there; to 127.0.0.1 and [::1]: ip link set lo up";
    case EACCES: return "ports below 1024 need privileges";
    default: return "";
  }
}

}  // namespace urb
