// The error policy, in one place.
//
//   bug                URB_ASSERT: abort, also in release builds.
//   environment        SysError or Unsupported, thrown by constructors and make_* before the clock
//                      starts, caught once in main: one line that names cause and remedy.
//   expected outcome   an enum per operation and a named counter, handled by the direct caller.
//
// Event loops, completion handlers and destructors are noexcept.
#pragma once

#include <stdexcept>
#include <string>

namespace urb {

/// A system call failed while something was being set up.
class SysError : public std::runtime_error {
 public:
  /// `call` is the failing call, `error` a positive errno, `hint` the remedy (may be empty).
  SysError(std::string call, int error, std::string hint = {});

  [[nodiscard]] int error() const noexcept { return error_; }
  [[nodiscard]] const std::string& call() const noexcept { return call_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  std::string call_;
  int error_;
  std::string hint_;
};

/// This kernel or these limits do not allow what was asked for. The exit code is 77, and there is
/// never a fallback.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What to say when the allocator has nothing left, which is a limit like any other.
inline constexpr const char* kOutOfMemory =
    "out of memory; free some, or raise ulimit -v or the limit of the memory cgroup";

/// Something was asked for that makes no sense. The exit code is 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws SysError with the current errno.
[[noreturn]] void throw_errno(const char* call, const char* hint = "");

/// Returns `result` of a system call that reports failure as -1, throws SysError for that one.
template <class T>
T check(T result, const char* call, const char* hint = "") {
  if (result == static_cast<T>(-1)) throw_errno(call, hint);
  return result;
}

/// A remedy for an errno that set-up calls often meet, empty when there is none to give.
[[nodiscard]] const char* hint_for_errno(int error) noexcept;

}  // namespace urb
