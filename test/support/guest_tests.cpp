// One boot by the sweep's machinery, with the counting machine: its time is that of instructions,
// so no load of this host can break a deadline.
#include "support/guest_tests.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "sweep/boot.hpp"

namespace urb::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInGuest = "URB_IN_GUEST";

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

std::vector<std::string> environment_of_guest() {
  std::vector<std::string> variables{std::string{kInGuest} + "=1"};
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
  return read_kernel(fs::exists(modules) ? image + "," + modules.string() : image);
}

bool is_in_guest() noexcept { return std::getenv(kInGuest) != nullptr; }

}  // namespace urb::test
