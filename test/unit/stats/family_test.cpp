// Which processes are below a named one, and that a change among them is seen.
#include "stats/family.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

// A child with a child of its own, which waits for a byte; then a new one comes and goes.
class Parent {
 public:
  Parent() {
    REQUIRE(pipe(to_.data()) == 0);
    REQUIRE(pipe(from_.data()) == 0);
    pid_ = fork();
    if (pid_ == 0) live();
    read_byte();
  }
  ~Parent() {
    kill(child_, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    for (const int end : {to_[0], to_[1], from_[0], from_[1]}) close(end);
  }
  Parent(const Parent&) = delete;
  Parent& operator=(const Parent&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] pid_t child() const { return child_; }
  void start_and_reap_another() {
    REQUIRE(write(to_[1], "x", 1) == 1);
    read_byte();
  }

 private:
  [[noreturn]] void live() {
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    (void)!write(from_[1], &child, sizeof child);
    char byte = 0;
    (void)!read(to_[0], &byte, 1);
    const pid_t another = fork();
    if (another == 0) _exit(0);
    waitpid(another, nullptr, 0);
    (void)!write(from_[1], &child, sizeof child);
    pause();
    _exit(0);
  }
  void read_byte() { REQUIRE(read(from_[0], &child_, sizeof child_) == sizeof child_); }

  std::array<int, 2> to_{};
  std::array<int, 2> from_{};
  pid_t pid_ = 0;
  pid_t child_ = 0;
};

}  // namespace

TEST_CASE("family: those named and those below, each once") {
  const Parent parent;
  const std::array named{parent.pid(), parent.child(), getpid()};
  const auto family = list_family(named);
  REQUIRE(family.has_value());
  REQUIRE(family->size() == 2);
  const auto unnamed = list_family(std::array{parent.pid()});
  REQUIRE(unnamed.has_value());
  REQUIRE(unnamed->size() == 2);
  for (const Relative& relative : *unnamed) {
    CHECK(relative.is_named == (relative.pid == parent.pid()));
    CHECK(relative.started_at > 0);
  }
  CHECK(*list_family(std::array{parent.pid()}) == *unnamed);
}

TEST_CASE("family: a child that has come and gone, or one that is gone, is a difference") {
  Parent parent;
  const auto before = list_family(std::array{parent.pid()});
  parent.start_and_reap_another();
  const auto after = list_family(std::array{parent.pid()});
  REQUIRE(before.has_value());
  REQUIRE(after.has_value());
  CHECK(after->size() == before->size());
  CHECK(*after != *before);
}

TEST_CASE("family: a process that has ended has none") {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  REQUIRE(waitpid(pid, nullptr, 0) == pid);
  const auto family = list_family(std::array{pid});
  REQUIRE(family.has_value());
  CHECK(family->empty());
}

TEST_CASE("family: a name may hold blanks and brackets") {
  const auto relative = parse_relative(
      "42 (a) b) c) S 1 42 42 0 -1 4194560 100 77 0 0 5 6 7 8 20 0 1 0 123456 1000 200");
  REQUIRE(relative.has_value());
  CHECK(relative->reaped_faults == 77);
  CHECK(relative->started_at == 123456);
  CHECK_FALSE(parse_relative("").has_value());
  CHECK_FALSE(parse_relative("42 (a) S 1 42").has_value());
}

}  // namespace urb
