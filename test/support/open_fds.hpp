// The descriptors that this process has open: the measure of every test that nothing leaks.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include <cstddef>

namespace urb::test {

[[nodiscard]] inline bool is_open(int fd) noexcept { return fcntl(fd, F_GETFD) != -1; }

/// Counted by asking for each number, so that counting opens none itself.
[[nodiscard]] inline std::size_t open_fd_count() noexcept {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // No test opens thousands; a limit of a million would make counting the slowest part.
  const int end = limit.rlim_cur < 4096 ? static_cast<int>(limit.rlim_cur) : 4096;
  std::size_t count = 0;
  for (int fd = 0; fd < end; ++fd) count += is_open(fd) ? 1 : 0;
  return count;
}

}  // namespace urb::test
