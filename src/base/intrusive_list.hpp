// A first-in first-out list through hooks inside its members. It allocates nothing, and removes
// anywhere.
#pragma once

#include "base/assert.hpp"

namespace urb {

/// One membership. The object must not move or die while it is linked.
template <class T>
struct ListHook {
  T* previous = nullptr;
  T* next = nullptr;
  bool is_linked = false;
};

/// A list of T through its member `Hook`. It owns nothing.
template <class T, ListHook<T> T::*Hook>
class IntrusiveList {
 public:
  void push_back(T& object) noexcept {
    ListHook<T>& hook = object.*Hook;
    URB_ASSERT(!hook.is_linked);
    hook = {last_, nullptr, true};
    (last_ != nullptr ? (last_->*Hook).next : first_) = &object;
    last_ = &object;
  }
  /// Takes `object` out, and does nothing when it is not linked.
  void remove(T& object) noexcept {
    ListHook<T>& hook = object.*Hook;
    if (!hook.is_linked) return;
    (hook.previous != nullptr ? (hook.previous->*Hook).next : first_) = hook.next;
    (hook.next != nullptr ? (hook.next->*Hook).previous : last_) = hook.previous;
    hook = {};
  }
  /// The oldest member, still linked, or null when there is none.
  [[nodiscard]] T* front() const noexcept { return first_; }
  [[nodiscard]] T* pop_front() noexcept {
    T* const object = first_;
    if (object != nullptr) remove(*object);
    return object;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace urb
