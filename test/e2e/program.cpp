// Subprocesses with deadlines.
#include "e2e/program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "support/process.hpp"

#include <doctest/doctest.h>

namespace urb::test {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> with_binary(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), binary());
  return arguments;
}

std::vector<std::string> serve_arguments(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {binary(), "serve"});
  arguments.insert(arguments.end(), {"-l", "127.0.0.1:0"});
  return arguments;
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments, const Prepare& prepare) {
  std::vector<char*> raw;
  for (const std::string& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  const std::string out = outputs_.file("out");
  const std::string err = outputs_.file("err");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ != 0) return;
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
  for (int fd = 3; fd < 64; ++fd) close(fd);
  std::signal(SIGHUP, SIG_DFL);  // under nohup it is ignored, and would be in the program too
  if (prepare) {
    // Opened before: another user may not find the way to it.
    const int program = open(raw[0], O_PATH | O_CLOEXEC);
    prepare();
    fexecve(program, raw.data(), environ);
    _exit(127);
  }
  execvp(raw[0], raw.data());
  _exit(127);
}

Program::~Program() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const { REQUIRE(kill(pid_, number) == 0); }
std::string Program::out() const { return read_all(outputs_.file("out")); }
std::string Program::err() const { return read_all(outputs_.file("err")); }

Outcome Program::wait(Nanos patience) {
  int status = 0;
  const auto ended = [&] { return waitpid(pid_, &status, WNOHANG) == pid_; };
  if (!wait_until(ended, patience)) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status, 0);
  }
  pid_ = 0;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out(), err()};
}

std::string binary() {
  const char* const path = std::getenv("URB_BINARY");
  REQUIRE_MESSAGE(path != nullptr, "URB_BINARY names the binary under test");
  return path;
}

Outcome run(std::vector<std::string> arguments, const Prepare& prepare) {
  return Program{with_binary(std::move(arguments)), prepare}.wait();
}

Outcome run_program(const std::vector<std::string>& arguments) { return Program{arguments}.wait(); }

bool is_installed(const std::string& program) {
  const bool found = is_on_path(program);
  if (!found) MESSAGE("skipped: ", program, " is not installed");
  return found;
}

Serve::Serve(std::vector<std::string> arguments, const Prepare& prepare)
    : program_{serve_arguments(std::move(arguments)), prepare} {
  const bool ready = wait_until([this] { return program_.out().find('\n') != std::string::npos; });
  REQUIRE_MESSAGE(ready, "serve did not say that it listens: ", program_.err());
  line_ = program_.out().substr(0, program_.out().find('\n'));
  const std::size_t colon = line_.find(':');
  REQUIRE(colon != std::string::npos);
  port_ = line_.substr(colon + 1, line_.find(' ', colon) - colon - 1);
}

}  // namespace urb::test
