// One registration, given back at once.
#include "uring/lock_try.hpp"

#include <liburing.h>
#include <sys/mman.h>

#include <cerrno>
#include <span>

#include "base/refusal.hpp"
#include "uring/setup_retry.hpp"

namespace urb {
namespace {

bool can_register(std::span<std::byte> memory, bool& knows) {
  io_uring ring{};
  const int made = retry_without_memory([&] { return io_uring_queue_init(2, &ring, 0); });
  knows = made == 0 || made == -ENOMEM;
  if (made != 0) return false;
  const iovec whole{memory.data(), memory.size()};
  const int result =
      retry_without_memory([&] { return io_uring_register_buffers(&ring, &whole, 1); });
  knows = !is_refusal(-result);
  io_uring_queue_exit(&ring);
  return result == 0;
}

}  // namespace

bool can_lock(std::size_t bytes) {
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  bool knows = false;
  bool is_locked = can_register({static_cast<std::byte*>(memory), bytes}, knows);
  if (!knows) is_locked = mlock(memory, bytes) == 0;
  munmap(memory, bytes);
  return is_locked;
}

}  // namespace urb
