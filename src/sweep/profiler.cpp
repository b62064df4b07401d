#include "sweep/profiler.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "base/error.hpp"
#include "base/window_mark.hpp"
#include "profile/subsystems.hpp"
#include "report/markdown.hpp"
#include "stats/summary.hpp"
#include "sweep/findings.hpp"
#include "sweep/initramfs.hpp"

namespace urb {
namespace {

std::string find_plugin_file(unsigned interface) {
  const std::string name = fmt::format("uring-bench-profile-{}.so", interface);
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const std::filesystem::path& candidate :
       {folder / name, folder / ".." / "libexec" / "uring-bench" / name}) {
    if (access(candidate.c_str(), R_OK) == 0) return candidate.lexically_normal();
  }
  throw Unsupported(fmt::format(
      "no profile without {}, which is not in {} (build it: ninja -C build; meson setup says why "
      "where it cannot)",
      name, folder.string()));
}

ProfileRow make_row(const Row& cell, const FunctionCount& count) {
  ProfileRow row;
  row.run_id = cell.run_id;
  row.kernel = cell.kernel;
  row.kernel_compiler = cell.kernel_compiler;
  row.kernel_config = cell.kernel_config;
  // Not the sums, which are of the cell's own row.
  row.guest = cell.guest.substr(0, cell.guest.find(";client="));
  row.mode = cell.mode;
  row.relay = cell.relay;
  row.buffers = cell.buffers;
  row.tls = cell.tls;
  row.connections = cell.connections;
  row.body_bytes = cell.body_bytes;
  row.reuse = cell.reuse;
  row.subsystem = count.subsystem;
  row.function = count.function;
  row.instructions_per_request =
      static_cast<double>(count.instructions) / static_cast<double>(*cell.requests);
  row.repeat = cell.repeat;
  return row;
}

// What threads of the kernel executed meanwhile, which guest_rows adds to `guest`.
double others_of(const Row& row) {
  constexpr std::string_view kName = ";others=";
  const std::size_t at = row.guest.find(kName);
  if (at == std::string::npos) return 0;
  double others = 0;
  const char* const begin = row.guest.data() + at + kName.size();
  std::from_chars(begin, row.guest.data() + row.guest.size(), others);
  return others;
}

// Of the profile over what the row and its others count. `micro` keeps what prepares an operation
// out of its count, and the plugin cannot.
double excess_of(const Row& row, const std::vector<FunctionCount>& counts) {
  std::uint64_t sum = 0;
  for (const FunctionCount& count : counts) {
    if (count.function.empty() && count.subsystem != kIdle) sum += count.instructions;
  }
  const double counted = row.instructions_per_request.value_or(0) + others_of(row);
  return static_cast<double>(sum) / static_cast<double>(*row.requests) / counted - 1;
}

// They do not change while it runs, and a large program has many.
const SymbolTable& own_symbols() {
  static const SymbolTable symbols = read_elf_functions(read_own_program());
  return symbols;
}

// Five times what was found in rows of modes, micro's without preparation included.
constexpr double kExcessMax = 0.05;

}  // namespace

unsigned plugin_interface_of(std::string_view qemu_version) noexcept {
  struct Interface {
    std::string_view qemu;
    unsigned version;
  };
  // QEMU 6.2 was the first to give a plugin arguments by name. 9.0 has QEMU_PLUGIN_MIN_VERSION 2.
  constexpr Interface kInterfaces[]{{"6.2.", 1}, {"7.", 1}, {"8.", 1}, {"9.", 2}, {"10.", 2}};
  for (const Interface& known : kInterfaces) {
    if (qemu_version.starts_with(known.qemu)) return known.version;
  }
  return 0;
}

std::string find_profile_plugin(const Qemu& qemu) {
  const unsigned interface = plugin_interface_of(qemu.version);
  if (interface == 0) {
    throw Unsupported(
        fmt::format("no profile with QEMU {}: the plugin is for QEMU 6.2 to 10 (put such a "
                    "qemu-system-x86_64 first on the PATH)",
                    qemu.version));
  }
  if (!has_plugins(qemu)) {
    throw Unsupported(fmt::format(
        "no profile with {}: it was built without plugins (the qemu-system-x86 of Debian has them)",
        qemu.path));
  }
  return find_plugin_file(interface);
}

ProfiledBoot::ProfiledBoot(std::string plugin) : plugin_{std::move(plugin)} {}

MachineProfile ProfiledBoot::machine() const {
  return {.plugin = plugin_,
          .begin_address = reinterpret_cast<std::uintptr_t>(&urb_mark_window_begin),
          .end_address = reinterpret_cast<std::uintptr_t>(&urb_mark_window_end),
          .windows = windows_.path(),
          .symbols = symbols_.path()};
}

void ProfiledBoot::add(const Row& row) {
  // A trial that the kernel refuses ends before its window.
  if (row.status != Status::unsupported) rows_.push_back(row);
}

std::optional<std::vector<ProfiledCell>> ProfiledBoot::match() const {
  std::vector<ProfileWindow> windows = parse_windows(windows_.read());
  const auto is_whole = [](const Row& row) { return row.status == Status::ok; };
  const auto whole = static_cast<std::size_t>(std::count_if(rows_.begin(), rows_.end(), is_whole));
  // Trials that failed did so behind their windows, all of them, or before, all of them.
  const bool have_all = windows.size() == rows_.size();
  if (!have_all && windows.size() != whole) {
    if (whole != rows_.size()) return std::nullopt;
    throw std::runtime_error{
        fmt::format("{} rows came with {} profiles: the marks around their windows are wrong",
                    whole, windows.size())};
  }
  std::vector<ProfiledCell> cells;
  auto window = windows.begin();
  for (const Row& row : rows_) {
    if (!have_all && !is_whole(row)) continue;
    ProfileWindow counted = std::move(*window++);
    if (is_whole(row) && row.requests.value_or(0) != 0) cells.push_back({row, std::move(counted)});
  }
  return cells;
}

Profiler::Profiler(std::string plugin, const std::vector<KernelImage>& kernels,
                   const std::string& folder)
    : plugin_{std::move(plugin)}, program_{own_symbols()}, kernel_symbols_(kernels.size()) {
  if (program_.is_empty()) {
    throw Unsupported("no profile: this uring-bench was stripped of its symbols (build it again)");
  }
  for (const KernelImage& kernel : kernels) {
    files_.emplace_back(profile_path(folder, kernel.release));
  }
}

bool Profiler::needs_symbols(std::size_t kernel) const {
  return kernel_symbols_[kernel].is_empty();
}

std::vector<std::string> Profiler::keep(std::size_t kernel, const ProfiledBoot& boot) {
  if (needs_symbols(kernel)) kernel_symbols_[kernel] = parse_kallsyms(boot.symbols());
  const auto cells = boot.match();
  if (!cells) {
    return {
        "no profile: some of its trials failed early, others late, and whose a profile is cannot "
        "be told"};
  }
  std::vector<std::string> left_out;
  for (const auto& [row, window] : *cells) {
    const std::vector<FunctionCount> counts = fold(window, {kernel_symbols_[kernel], program_});
    const double excess = excess_of(row, counts);
    if (std::abs(excess) <= kExcessMax) {
      keep_cell(kernel, row, counts);
    } else {
      left_out.push_back(
          fmt::format("{} has no profile: its window holds {:+.0f} % more than is counted of it",
                      name_cell(row), 100 * excess));
    }
  }
  return left_out;
}

void Profiler::keep_cell(std::size_t kernel, const Row& row,
                         const std::vector<FunctionCount>& counts) {
  const std::string name = name_cell(row);
  const auto [at, is_new] = figures_.try_emplace(name);
  if (is_new) order_.push_back(name);
  std::vector<ProfileRow> rows;
  for (const FunctionCount& count : counts) {
    rows.push_back(make_row(row, count));
    if (!count.function.empty()) continue;
    auto& figures = at->second.try_emplace(count.subsystem, files_.size()).first->second;
    figures[kernel].push_back(rows.back().instructions_per_request);
  }
  files_[kernel].append(rows);
}

std::string Profiler::format_tables(const std::vector<std::string>& releases) const {
  std::string text;
  for (const std::string& cell : order_) {
    std::vector<std::string> head{cell};
    head.insert(head.end(), releases.begin(), releases.end());
    MarkdownTable table{head, 1};
    for (const std::string_view subsystem : all_subsystems()) {
      const auto found = figures_.at(cell).find(std::string{subsystem});
      if (found == figures_.at(cell).end()) continue;
      std::vector<std::string> fields{found->first};
      for (const std::vector<double>& figures : found->second) {
        fields.push_back(figures.empty() ? "–" : fmt::format("{:.0f}", median_of(figures)));
      }
      table.add(std::move(fields));
    }
    text += "\n" + table.render();
  }
  if (!text.empty()) text += "\nMedians of executed instructions, for one request or operation.\n";
  return text;
}

}  // namespace urb
