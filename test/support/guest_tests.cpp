// One boot by the sweep's machinery, with the counting machine: its time is that of instructions,
// so no load of this host can break a deadline.
#include "support/guest_tests.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "process/command.hpp"
#include "sweep/boot.hpp"

namespace urb::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInGuest = "URB_IN_GUEST";

// Of a list in the environment, with commas.
std::vector<std::string> words_of(const char* variable) {
  const char* const text = std::getenv(variable);
  std::istringstream list{text == nullptr ? "" : text};
  std::vector<std::string> words;
  for (std::string word; std::getline(list, word, ',');) words.push_back(word);
  return words;
}

// What no mode needs, and so no sweep loads.
void add_modules(KernelImage& kernel, const fs::path& folder) {
  for (const std::string& name : words_of("URB_GUEST_MODULES")) {
    fs::path path = folder / (name + ".ko");
    if (!fs::exists(path)) path += ".xz";
    if (!fs::exists(path)) {
      throw Unsupported(fmt::format("{} has no module {}: remove it, and run tools/fetch-kernels",
                                    folder.string(), name));
    }
    kernel.modules.push_back(path.string());
  }
}

GuestFile read_guest_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {path.string(), {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}}};
}

// What the suites read, under the names that were compiled into them.
std::vector<GuestFile> find_test_data() {
  const fs::path data{URB_TEST_DATA};
  if (data.string().starts_with("/tmp/")) {
    throw Unsupported("the sources are in /tmp, where a guest has files of its own");
  }
  std::vector<GuestFile> files;
  for (const auto& entry : fs::recursive_directory_iterator{data}) {
    if (entry.is_regular_file()) files.push_back(read_guest_file(entry.path()));
  }
  for (const char* const more : {"docs/bad-inputs.md", "docs/schema/run.schema.json"}) {
    GuestFile file = read_guest_file(data / "../.." / more);
    file.path = (data.parent_path().parent_path() / more).string();
    files.push_back(std::move(file));
  }
  return files;
}

// By ldd(1): "libc.so.6 => /lib/… (0x…)", and the loader as a path alone.
std::vector<std::string> libraries_of(const std::string& program) {
  const std::string command = fmt::format("LC_ALL=C ldd '{}' 2>/dev/null", program);
  const std::unique_ptr<std::FILE, decltype(&pclose)> pipe{popen(command.c_str(), "r"), pclose};
  std::string text;
  std::array<char, 4096> bytes{};
  while (pipe && std::fgets(bytes.data(), bytes.size(), pipe.get()) != nullptr)
    text += bytes.data();
  std::vector<std::string> paths;
  std::istringstream words{text};
  for (std::string word; words >> word;) {
    if (word.starts_with('/')) paths.push_back(word);
  }
  return paths;
}

void add_programs(std::vector<GuestFile>& files) {
  std::set<std::string> paths;
  for (const std::string& name : words_of("URB_GUEST_PROGRAMS")) {
    const std::string path = name.find('/') == std::string::npos ? find_program(name) : name;
    if (path.empty()) throw Unsupported(fmt::format("{} is not installed", name));
    paths.insert(path);
    for (const std::string& library : libraries_of(path)) paths.insert(library);
  }
  for (const std::string& path : paths) {
    files.push_back(read_guest_file(path));
    files.back().is_executable = true;
  }
}

std::vector<std::string> environment_of_guest() {
  std::vector<std::string> variables{std::string{kInGuest} + "=1",
                                     "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::string_view{*variable}.starts_with("URB_")) variables.emplace_back(*variable);
  }
  return variables;
}

int boot_and_test(const std::string& spec, std::vector<std::string> arguments) {
  const KernelImage kernel = find_guest_kernel(spec);
  GuestTask task;
  task.runs.push_back(std::move(arguments));
  task.environment = environment_of_guest();
  task.files = find_test_data();
  add_programs(task.files);
  BootSetup setup;
  setup.qemu = find_qemu();
  // Who started this has a limit of its own, and these are silent until a test case ends.
  setup.patience = std::chrono::hours{1};
  const std::atomic<bool> never_stops{false};
  const BootResult result = boot(kernel, task, setup,
                                 {[](const std::string& line) {
                                    fmt::print("{}\n", line);
                                    std::fflush(stdout);
                                  },
                                  {}},
                                 never_stops);
  if (result.end == BootEnd::finished && result.exit_codes == std::vector{0}) return kExitOk;
  fmt::print(stderr, "{}guest of {}: {}\n", result.console, kernel.release,
             result.reason.empty() ? "the tests' output is above" : result.reason);
  return result.exit_codes.size() == 1 ? result.exit_codes.front() : kExitFailed;
}

}  // namespace

std::optional<int> run_in_guest(int argc, char** argv) {
  constexpr std::string_view kOption = "--guest=";
  if (argc < 2 || !std::string_view{argv[1]}.starts_with(kOption)) return std::nullopt;
  try {
    return boot_and_test(argv[1] + kOption.size(), {argv + 2, argv + argc});
  } catch (const Unsupported& cause) {
    fmt::print(stderr, "skipped: {}\n", cause.what());
    return kExitUnsupported;
  } catch (const std::exception& cause) {
    fmt::print(stderr, "{}\n", cause.what());
    return kExitFailed;
  }
}

KernelImage find_guest_kernel(const std::string& spec) {
  if (!fs::exists(spec.substr(0, spec.find(',')))) {
    throw Unsupported(fmt::format("there is no kernel {} (tools/fetch-kernels gets some)", spec));
  }
  if (!fs::is_directory(spec)) return read_kernel(spec);
  const fs::path modules = fs::path{spec} / "modules";
  const std::string image = fs::path{spec} / "vmlinuz";
  KernelImage kernel = read_kernel(fs::exists(modules) ? image + "," + modules.string() : image);
  add_modules(kernel, modules);
  return kernel;
}

bool is_in_guest() noexcept { return std::getenv(kInGuest) != nullptr; }

}  // namespace urb::test
