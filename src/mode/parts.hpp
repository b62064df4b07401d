// A role that is made of parts: each verb of the loop goes to all the parts that have it.
#pragma once

#include <algorithm>
#include <tuple>

#include "base/clock.hpp"

namespace urb {

/// The base of role `Self`, whose member parts() is a tuple of references to its parts, in the
/// order in which they start and act. What a role does differently, it says itself, and calls this
/// class for the rest. Nothing here is virtual, and a verb that no part has costs nothing.
template <class Self>
class Parts {
 public:
  void start() {
    each([](auto& part) {
      if constexpr (requires { part.start(); }) part.start();
    });
  }
  void on_batch_end(Nanos now) noexcept {
    each([now](auto& part) {
      if constexpr (requires { part.on_batch_end(now); }) part.on_batch_end(now);
      if constexpr (requires { part.on_batch_end(); }) part.on_batch_end();
    });
  }
  [[nodiscard]] Nanos next_deadline() noexcept {
    Nanos earliest = kNever;
    each([&earliest](auto& part) {
      if constexpr (requires { part.next_deadline(); }) {
        earliest = std::min(earliest, part.next_deadline());
      }
    });
    return earliest;
  }
  void on_deadline(Nanos now) noexcept {
    each([now](auto& part) {
      if constexpr (requires { part.on_deadline(now); }) part.on_deadline(now);
    });
  }
  void begin_stop() noexcept {
    each([](auto& part) {
      if constexpr (requires { part.begin_stop(); }) part.begin_stop();
    });
  }
  void cut_off() noexcept {
    each([](auto& part) {
      if constexpr (requires { part.cut_off(); }) part.cut_off();
    });
  }
  /// All parts are that can be.
  [[nodiscard]] bool is_idle() noexcept {
    bool all = true;
    each([&all](auto& part) {
      if constexpr (requires { part.is_idle(); }) all = all && part.is_idle();
    });
    return all;
  }
  void on_worker_lost(unsigned worker) noexcept {
    each([worker](auto& part) {
      if constexpr (requires { part.on_worker_lost(worker); }) part.on_worker_lost(worker);
    });
  }
  void on_worker_back(unsigned worker) noexcept {
    each([worker](auto& part) {
      if constexpr (requires { part.on_worker_back(worker); }) part.on_worker_back(worker);
    });
  }

 private:
  template <class Verb>
  void each(Verb verb) {
    std::apply([&verb](auto&... part) { (verb(part), ...); }, static_cast<Self*>(this)->parts());
  }
};

}  // namespace urb
