// Readers of /proc, and pidfds.
#include "support/process.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/error.hpp"

namespace urb::test {
namespace {

namespace fs = std::filesystem;

fs::path proc_folder(pid_t pid) { return fs::path{"/proc"} / std::to_string(pid); }

// State letter and parent, which follow the name, which is in parentheses and may contain anything;
// empty when it is gone.
std::string after_name(pid_t pid) {
  std::ifstream file{proc_folder(pid) / "stat"};
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos || line.size() < name_end + 5) return {};
  return line.substr(name_end + 2);
}

pid_t parent_of(pid_t pid) {
  const std::string text = after_name(pid);
  return text.empty() ? 0 : static_cast<pid_t>(std::stol(text.substr(2)));
}

}  // namespace

ProcessWatch::ProcessWatch(pid_t pid)
    : pid_{pid},
      pidfd_{Adopt{}, static_cast<int>(check(syscall(SYS_pidfd_open, pid, 0), "pidfd_open"))} {}

bool ProcessWatch::has_ended(Nanos patience) const {
  pollfd ended{pidfd_.get(), POLLIN, 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  return check(poll(&ended, 1, static_cast<int>(ms)), "poll") == 1;
}

bool have_ended(std::span<const ProcessWatch> processes, Nanos patience) {
  const Nanos deadline = monotonic_now() + patience;
  return std::all_of(processes.begin(), processes.end(), [&](const ProcessWatch& process) {
    return process.has_ended(std::max(deadline - monotonic_now(), Nanos{0}));
  });
}

std::size_t open_fds(pid_t pid) {
  const fs::directory_iterator entries{proc_folder(pid) / "fd"};
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> numbers;
  for (const fs::directory_entry& entry : fs::directory_iterator{"/proc"}) {
    const std::string name = entry.path().filename();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      numbers.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  std::vector<pid_t> tree{root};
  for (std::size_t index = 0; index < tree.size(); ++index) {
    const pid_t parent = tree[index];
    std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(tree),
                 [&](pid_t pid) { return parent_of(pid) == parent; });
  }
  return tree;
}

Bytes peak_memory(pid_t pid) {
  std::ifstream file{proc_folder(pid) / "status"};
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return Bytes{std::stoull(line.substr(6)) * 1024};
  }
  throw std::runtime_error("no VmHWM for process " + std::to_string(pid));
}

char process_state(pid_t pid) {
  const std::string text = after_name(pid);
  return text.empty() ? '\0' : text.front();
}

std::size_t iowq_threads(pid_t pid) {
  std::size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator{proc_folder(pid) / "task"}) {
    std::ifstream file{entry.path() / "comm"};
    std::string name;
    std::getline(file, name);
    if (name.starts_with("iou-wrk-")) ++count;
  }
  return count;
}

bool is_on_path(const std::string& program) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders{path == nullptr ? "" : path};
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string process_name(pid_t pid) {
  std::ifstream file{proc_folder(pid) / "comm"};
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace urb::test
