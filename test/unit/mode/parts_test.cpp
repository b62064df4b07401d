// A role's verbs reach those parts that have them, in order, and no others.
#include "mode/parts.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "uring/completion.hpp"
#include "uring/event_loop.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

using Log = std::vector<std::string>;

/// Has every verb.
struct WholePart {
  void start() { log.push_back("whole start"); }
  void on_batch_end(Nanos now) noexcept {
    log.push_back("whole end " + std::to_string(now.count()));
  }
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadline; }
  void on_deadline(Nanos now) noexcept {
    log.push_back("whole due " + std::to_string(now.count()));
  }
  void begin_stop() noexcept { log.push_back("whole stop"); }
  void cut_off() noexcept { log.push_back("whole cut"); }
  [[nodiscard]] bool is_idle() const noexcept { return idle; }
  void on_worker_lost(unsigned worker) noexcept { log.push_back("lost " + std::to_string(worker)); }
  void on_worker_back(unsigned worker) noexcept { log.push_back("back " + std::to_string(worker)); }
  Log& log;
  Nanos deadline = kNever;
  bool idle = false;
};

/// Has few.
struct SmallPart {
  void on_batch_end() noexcept { log.push_back("small end"); }
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadline; }
  [[nodiscard]] bool is_idle() const noexcept { return idle; }
  Log& log;
  Nanos deadline = kNever;
  bool idle = false;
};

/// Has none.
struct MutePart {};

class TestRole : public Parts<TestRole> {
 public:
  void on_completion(const Completion&) noexcept {}
  void begin_stop() noexcept {
    log.push_back("role stop");
    Parts::begin_stop();
  }
  Log log;
  WholePart whole{log};
  SmallPart small{log};
  MutePart mute;

 private:
  friend class Parts<TestRole>;
  auto parts() noexcept { return std::tie(small, mute, whole); }
};
static_assert(Role<TestRole>);

TEST_CASE("parts: each verb goes to the parts that have it, in their order") {
  TestRole role;
  role.start();
  role.on_batch_end(Nanos{5});
  role.on_deadline(Nanos{6});
  role.begin_stop();
  role.cut_off();
  role.on_worker_lost(2);
  role.on_worker_back(3);
  CHECK(role.log == Log{"whole start", "small end", "whole end 5", "whole due 6", "role stop",
                        "whole stop", "whole cut", "lost 2", "back 3"});
}

TEST_CASE("parts: the earliest deadline counts, and there may be none") {
  TestRole role;
  CHECK(role.next_deadline() == kNever);
  role.small.deadline = Nanos{20};
  CHECK(role.next_deadline() == Nanos{20});
  role.whole.deadline = Nanos{10};
  CHECK(role.next_deadline() == Nanos{10});
}

TEST_CASE("parts: a role is idle when all that can be idle are") {
  TestRole role;
  CHECK_FALSE(role.is_idle());
  role.small.idle = true;
  CHECK_FALSE(role.is_idle());
  role.whole.idle = true;
  CHECK(role.is_idle());
  role.small.idle = false;
  CHECK_FALSE(role.is_idle());
}

/// Is asked for nothing: every verb is there, and does nothing.
class EmptyRole : public Parts<EmptyRole> {
 public:
  void on_completion(const Completion&) noexcept {}

 private:
  friend class Parts<EmptyRole>;
  static auto parts() noexcept { return std::tie(); }
};
static_assert(Role<EmptyRole>);

TEST_CASE("parts: a role without parts has all the verbs") {
  EmptyRole role;
  role.start();
  role.on_batch_end(Nanos{1});
  role.cut_off();
  CHECK(role.next_deadline() == kNever);
  CHECK(role.is_idle());
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
