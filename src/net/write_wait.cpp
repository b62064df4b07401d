// The kernel's count of what a peer has still to take.
#include "net/write_wait.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

namespace urb {

std::uint64_t untaken_bytes(int fd) noexcept {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

}  // namespace urb
