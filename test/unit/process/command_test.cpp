// Programs that are found and started, and what they say.
#include "process/command.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "process/child.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

struct Ended {
  int status;
  std::string text;
};

Ended run(const std::vector<std::string>& command) {
  const MemoryFile output{"output"};
  Child child{"test", SIGKILL, [&] { return exec_program(command, output.fd(), output.fd()); }};
  return {child.wait(monotonic_now() + std::chrono::seconds{30}).value_or(-1), output.read()};
}

TEST_CASE("command: a program is found on PATH, started, and heard on both streams") {
  const Ended ended = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(ended.status == 3);
  CHECK(ended.text == "out\nerr\n");
  CHECK(find_program("sh").ends_with("/sh"));
  CHECK(find_program("no-such-program-here").empty());
  CHECK(run({"no-such-program-here"}).status == kNotFound);
}

TEST_CASE("command: a file in memory is read whole, and by children at its path") {
  const MemoryFile file{"words"};
  const std::string words(10'000, 'x');
  file.write(words);
  file.write("end");
  CHECK(file.read() == words + "end");
  CHECK(run({"cat", file.path()}).text == words + "end");
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
