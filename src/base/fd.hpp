// The owner of a file descriptor. In signatures borrowed descriptors are plain ints, and owned ones
// are Fd.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/assert.hpp"

namespace urb {

/// Tag for taking ownership of a raw descriptor, so that no int becomes an owner by accident.
struct Adopt {};

/// Owns one file descriptor and closes it exactly once.
class Fd {
 public:
  Fd() noexcept = default;
  /// Takes ownership of `raw`, for example of one that came over SCM_RIGHTS and had no owner yet.
  Fd(Adopt, int raw) noexcept : raw_{raw} { URB_ASSERT(raw >= 0); }

  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  Fd(Fd&& other) noexcept : raw_{std::exchange(other.raw_, kNone)} {}
  Fd& operator=(Fd&& other) noexcept {
    // Not a swap: the peer must see the old end close now, not when `other` happens to die.
    if (this != &other) close_and_set(std::exchange(other.raw_, kNone));
    return *this;
  }
  ~Fd() { close_and_set(kNone); }

  [[nodiscard]] bool is_open() const noexcept { return raw_ != kNone; }
  [[nodiscard]] int get() const noexcept { return raw_; }
  /// Gives ownership away, for example to a message that closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(raw_, kNone); }
  void close() noexcept { close_and_set(kNone); }

 private:
  static constexpr int kNone = -1;
  void close_and_set(int next) noexcept {
    const int old = std::exchange(raw_, next);
    if (old == kNone) return;
    // EINTR is not retried: Linux frees the number before close(2) can fail, so a second close
    // could hit a connection accepted in between. EBADF is different: we have closed twice.
    if (::close(old) != 0) URB_ASSERT(errno != EBADF);
  }
  int raw_ = kNone;
};

}  // namespace urb
