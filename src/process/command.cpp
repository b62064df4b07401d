// Programs on PATH, files in memory.
#include "process/command.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "base/error.hpp"
#include "base/refusal.hpp"

namespace urb {

MemoryFile::MemoryFile(const char* name)
    : file_{Adopt{}, check_allowed(memfd_create(name, 0), "memfd_create", {3, 17})} {}

std::string MemoryFile::path() const { return fmt::format("/proc/self/fd/{}", file_.get()); }

void MemoryFile::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = check(::write(file_.get(), bytes.data(), bytes.size()), "write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string MemoryFile::read(std::size_t from) const {
  std::string bytes;
  std::array<char, 4096> part{};
  for (ssize_t count = 0; (count = pread(file_.get(), part.data(), part.size(),
                                         static_cast<off_t>(from + bytes.size()))) > 0;) {
    bytes.append(part.data(), static_cast<std::size_t>(count));
  }
  return bytes;
}

std::string find_program(std::string_view name) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders{path != nullptr ? path : "/usr/bin:/bin"};
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

int exec_program(const std::vector<std::string>& command, int output, int errors) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(words.front(), words.data());
  return kNotFound;
}

}  // namespace urb
