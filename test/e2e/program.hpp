// Running the real binary, and the clients people use, as a user does: arguments in, both outputs
// and the exit status out.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "support/deadline.hpp"
#include "support/temp_folder.hpp"

namespace urb::test {

struct Outcome {
  int status = -1;  ///< the exit status, or 128 + signal
  std::string out;
  std::string err;
};

/// What is done in the new process before the program: limits, another user, another network.
using Prepare = std::function<void()>;

/// A program that runs beside the test. Killed and reaped at the latest by the destructor.
class Program {
 public:
  /// Starts `arguments[0]`, found by PATH.
  explicit Program(const std::vector<std::string>& arguments, const Prepare& prepare = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// What it has written so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  /// Waits for the end. Kills it after `patience`, which shows as status 137.
  [[nodiscard]] Outcome wait(Nanos patience = std::chrono::minutes{2});

 private:
  TempFolder outputs_;
  pid_t pid_ = 0;
};

/// The binary under test, from URB_BINARY.
[[nodiscard]] std::string binary();
/// Runs the binary with `arguments` to its end.
[[nodiscard]] Outcome run(std::vector<std::string> arguments, const Prepare& prepare = {});
/// Runs any program to its end.
[[nodiscard]] Outcome run_program(const std::vector<std::string>& arguments);
/// False, and says so, when `program` is not installed: the caller skips by name.
[[nodiscard]] bool is_installed(const std::string& program);

/// `serve` with `arguments` on a free port, once it accepts.
class Serve {
 public:
  explicit Serve(std::vector<std::string> arguments, const Prepare& prepare = {});
  [[nodiscard]] Program& program() noexcept { return program_; }
  [[nodiscard]] const std::string& line() const noexcept { return line_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + port_ + "/"; }
  [[nodiscard]] const std::string& port() const noexcept { return port_; }

 private:
  Program program_;
  std::string line_;
  std::string port_;
};

}  // namespace urb::test
