// The archive's content, and the task's text form.
#include "sweep/initramfs.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "base/error.hpp"
#include "sweep/cpio.hpp"

namespace urb {
namespace {

std::string read_whole(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  // In blocks: byte by byte, a program with sanitizers takes half a minute to read itself.
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file || !bytes) throw_errno(fmt::format("read of {}", path).c_str());
  return std::move(bytes).str();
}

// Each with the folders that it is in, which the archive has before it.
void add_files(CpioWriter& archive, const std::vector<GuestFile>& files) {
  std::set<std::string> folders;
  for (const GuestFile& file : files) {
    const std::string name = file.path.substr(1);
    for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
      const std::string folder = name.substr(0, at);
      if (folders.insert(folder).second) archive.add_folder(folder);
    }
    archive.add_file(name, file.bytes, file.is_executable);
  }
}

}  // namespace

std::string read_own_program() { return read_whole("/proc/self/exe"); }

bool is_dynamic(const std::string& program) {
  Elf64_Ehdr head{};
  if (program.size() < sizeof head) return true;
  std::memcpy(&head, program.data(), sizeof head);
  for (unsigned index = 0; index < head.e_phnum; ++index) {
    Elf64_Phdr segment{};
    const std::size_t at = head.e_phoff + index * sizeof segment;
    if (at + sizeof segment > program.size()) return true;
    std::memcpy(&segment, program.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

std::string make_initramfs(const KernelImage& kernel, const GuestTask& task) {
  const std::string program = task.program.empty() ? read_own_program() : task.program;
  if (is_dynamic(program)) {
    throw Unsupported(
        "this uring-bench is linked dynamically, and a guest has no libraries: build it with "
        "meson configure -Dstatic=enabled, which says what that takes");
  }
  CpioWriter archive;
  for (const char* const folder : {"dev", "proc", "sys", "tmp", "modules"}) {
    archive.add_folder(folder);
  }
  archive.add_character_device("dev/console", 5, 1);
  archive.add_file("init", program, true);
  archive.add_file(std::string{kTaskPath}.substr(1), format_task(task));
  for (std::size_t index = 0; index < kernel.modules.size(); ++index) {
    const std::string& path = kernel.modules[index];
    archive.add_file(fmt::format("modules/{:02}{}", index, path.ends_with(".xz") ? ".xz" : ""),
                     read_whole(path));
  }
  add_files(archive, task.files);
  return std::move(archive).finish();
}

std::string format_task(const GuestTask& task) {
  std::string text = fmt::format("{} {}{}\n", task.counts_instructions ? "count" : "time",
                                 task.settle_s, task.sends_symbols ? " symbols" : "");
  const auto add = [&text](char kind, const std::string& value) {
    if (value.find('\n') != std::string::npos) {
      throw UsageError("arguments with line breaks do not reach a guest");
    }
    text += fmt::format("{}{}\n", kind, value);
  };
  for (const std::string& variable : task.environment) add('@', variable);
  for (const auto& run : task.runs) {
    for (const std::string& argument : run) add('=', argument);
    text += "\n";
  }
  return text;
}

GuestTask parse_task(const std::string& text) {
  GuestTask task;
  std::istringstream lines{text};
  std::string line;
  std::getline(lines, line);
  std::istringstream head{line};
  std::string kind;
  head >> kind >> task.settle_s;
  task.counts_instructions = kind == "count";
  std::string more;
  task.sends_symbols = (head >> more) && more == "symbols";
  std::vector<std::string> run;
  while (std::getline(lines, line)) {
    if (line.starts_with('@')) {
      task.environment.push_back(line.substr(1));
    } else if (!line.empty()) {
      run.push_back(line.substr(1));
    } else {
      task.runs.push_back(std::exchange(run, {}));
    }
  }
  return task;
}

}  // namespace urb
