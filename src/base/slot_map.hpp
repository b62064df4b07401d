// A fixed number of slots with generations: storage that never moves and never allocates after
// construction, addressed by an index small enough for a completion token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace urb {

/// Slots for up to `capacity` objects of type T, which has members `slot_index` and `generation`.
///
/// A slot's generation counts up on every release, so a token of a previous tenant finds nothing
/// instead of the wrong object. 16 bits wrap after 65,536 tenants of one slot. A completion that
/// late would need a request in flight over all of them. Who releases a slot has none in flight.
template <class T>
class SlotMap {
 public:
  explicit SlotMap(std::size_t capacity)
      // Uninitialised on purpose: pages of slots that are never used are never touched.
      : storage_{std::make_unique_for_overwrite<Storage[]>(capacity)},
        states_{std::make_unique<State[]>(capacity)},
        capacity_{capacity} {
    free_.reserve(capacity);
    // The last index comes first. So the lowest free index is handed out, which keeps the hot set
    // dense.
    for (std::size_t index = capacity; index-- > 0;)
      free_.push_back(static_cast<std::uint32_t>(index));
  }
  SlotMap(const SlotMap&) = delete;
  SlotMap& operator=(const SlotMap&) = delete;
  ~SlotMap() {
    for_each([](T& tenant) { tenant.~T(); });
  }

  /// Builds a T in a free slot and returns it, or null when all are taken.
  template <class... Args>
  [[nodiscard]] T* try_emplace(Args&&... args) {
    if (free_.empty()) return nullptr;
    const std::uint32_t index = free_.back();
    free_.pop_back();
    T* const made = new (storage_[index].bytes) T(std::forward<Args>(args)...);
    states_[index].taken = true;
    made->slot_index = index;
    made->generation = states_[index].generation;
    return made;
  }

  /// The object at `index` if it is still the tenant of that generation, else null.
  [[nodiscard]] T* find(std::uint32_t index, std::uint16_t generation) noexcept {
    if (index >= capacity_) return nullptr;
    const State& state = states_[index];
    return state.taken && state.generation == generation ? object(index) : nullptr;
  }
  /// The tenant of `index`, which must be taken.
  [[nodiscard]] T& at(std::uint32_t index) noexcept {
    URB_ASSERT(index < capacity_ && states_[index].taken);
    return *object(index);
  }

  /// Destroys the tenant. The caller has seen its last completion, and taken it out of all lists:
  /// a list would go on to name the slot, which is nobody's or the next tenant's.
  void release(T& tenant) noexcept {
    const std::uint32_t index = tenant.slot_index;
    URB_ASSERT(index < capacity_ && states_[index].taken && object(index) == &tenant);
    if constexpr (requires { tenant.in_flight; }) URB_ASSERT(tenant.in_flight.none());
    if constexpr (requires { tenant.deadline_hook; }) URB_ASSERT(!tenant.deadline_hook.is_linked);
    if constexpr (requires { tenant.waiting_hook; }) URB_ASSERT(!tenant.waiting_hook.is_linked);
    if constexpr (requires { tenant.stuck_hook; }) URB_ASSERT(!tenant.stuck_hook.is_linked);
    tenant.~T();
    states_[index].taken = false;
    ++states_[index].generation;
    free_.push_back(index);  // within the capacity reserved by the constructor
  }

  template <class F>
  void for_each(F&& visit) {
    for (std::uint32_t index = 0; index < capacity_; ++index) {
      if (states_[index].taken) visit(*object(index));
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return capacity_ - free_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool is_full() const noexcept { return free_.empty(); }

 private:
  struct Storage {
    alignas(T) std::byte bytes[sizeof(T)];
  };
  struct State {
    std::uint16_t generation = 0;
    bool taken = false;
  };
  T* object(std::uint32_t index) noexcept {
    return std::launder(reinterpret_cast<T*>(storage_[index].bytes));
  }

  std::unique_ptr<Storage[]> storage_;
  std::unique_ptr<State[]> states_;
  std::size_t capacity_;
  std::vector<std::uint32_t> free_;
};

}  // namespace urb
