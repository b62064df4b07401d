// Deadlines of many objects, in constant time. All deadlines of one kind have the same length, so
// each kind is a list in order of arming. The ring waits until the earliest. No object has a timer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/intrusive_list.hpp"

namespace urb {

/// What an object with a deadline holds, as its member `deadline`.
template <class T>
struct Deadline {
  Nanos due = kNever;     ///< kNever: not armed
  std::uint8_t kind = 0;  ///< of the last arming
  [[nodiscard]] bool is_armed() const noexcept { return due != kNever; }
};

/// Deadlines of KindCount kinds over objects with members `deadline` and `deadline_hook`.
template <class T, std::size_t KindCount>
class DeadlineQueue {
 public:
  explicit DeadlineQueue(const std::array<Nanos, KindCount>& lengths) noexcept
      : lengths_{lengths} {}

  /// Arms `object`, anew if it is armed. It is due one length of `kind` after `now`. A length of
  /// kNever disarms it.
  void arm(T& object, std::size_t kind, Nanos now) noexcept {
    disarm(object);
    object.deadline.kind = static_cast<std::uint8_t>(kind);
    if (lengths_[kind] == kNever) return;
    object.deadline.due = now + lengths_[kind];
    lists_[kind].push_back(object);
  }
  void disarm(T& object) noexcept {
    if (!object.deadline.is_armed()) return;
    object.deadline.due = kNever;
    lists_[object.deadline.kind].remove(object);
  }

  /// The earliest deadline of all, kNever when none is armed.
  [[nodiscard]] Nanos next() const noexcept {
    Nanos earliest = kNever;
    for (const auto& list : lists_) {
      if (list.front() != nullptr) earliest = std::min(earliest, list.front()->deadline.due);
    }
    return earliest;
  }
  /// Disarms one object that is due and returns it, or null when none is. Its kind stays.
  [[nodiscard]] T* take_due(Nanos now) noexcept {
    for (auto& list : lists_) {
      T* const first = list.front();
      if (first == nullptr || first->deadline.due > now) continue;
      disarm(*first);
      return first;
    }
    return nullptr;
  }

 private:
  std::array<Nanos, KindCount> lengths_;
  std::array<IntrusiveList<T, &T::deadline_hook>, KindCount> lists_{};
};

}  // namespace urb
