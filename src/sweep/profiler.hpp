// `sweep --profile`: instructions by function of each cell, from a plugin inside QEMU.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/command.hpp"
#include "profile/fold.hpp"
#include "profile/profile_row.hpp"
#include "row/row.hpp"
#include "sweep/kernel_image.hpp"
#include "sweep/qemu.hpp"

namespace urb {

/// The plugin's path: beside this program, or where it is installed. Throws Unsupported where it
/// was not built, and where this QEMU takes no plugin that there is.
[[nodiscard]] std::string find_profile_plugin(const Qemu& qemu);

/// The version of the interface of plugins that a QEMU of that version has, or 0 where none is
/// known.
[[nodiscard]] unsigned plugin_interface_of(std::string_view qemu_version) noexcept;

/// A finished cell of a boot, with what was counted in its window.
struct ProfiledCell {
  Row row;
  ProfileWindow window;
};

/// The files between QEMU and this process, and the cells of one boot.
class ProfiledBoot {
 public:
  explicit ProfiledBoot(std::string plugin);

  /// What QEMU has to be asked for. This object outlives the machine.
  [[nodiscard]] MachineProfile machine() const;
  /// In the order of their trials.
  void add(const Row& row);
  /// The rows with figures and their windows, when the guest has ended: before, windows may be
  /// ahead of rows, which take longer to come. Nothing where some trials failed before the end of
  /// their windows and others behind it, so that it is not known whose a window is. Throws
  /// runtime_error where none failed, and there are more or fewer windows than rows.
  [[nodiscard]] std::optional<std::vector<ProfiledCell>> match() const;
  /// What the guest has sent of /proc/kallsyms.
  [[nodiscard]] std::string symbols() const { return symbols_.read(); }

 private:
  std::string plugin_;
  MemoryFile windows_{"windows"};
  MemoryFile symbols_{"symbols"};
  std::vector<Row> rows_;
};

/// The profiles of a sweep: symbols, files of rows, and the table at the end.
class Profiler {
 public:
  /// Opens the files, beside those of rows. Throws as ProfileFile does, and Unsupported where this
  /// program has no symbols.
  Profiler(std::string plugin, const std::vector<KernelImage>& kernels, const std::string& folder);

  [[nodiscard]] const std::string& plugin() const noexcept { return plugin_; }
  /// The symbols of a kernel come with its first boot that ends well. Addresses are the same in
  /// each: nokaslr, and the same modules in the same order.
  [[nodiscard]] bool needs_symbols(std::size_t kernel) const;
  /// Writes the profiles of a boot that has ended. Returns sentences about those that it left out:
  /// all where ProfiledBoot::match() gives nothing, and each that is not near its row's count.
  /// Throws as match() and ProfileFile do, and runtime_error for symbols that are none.
  [[nodiscard]] std::vector<std::string> keep(std::size_t kernel, const ProfiledBoot& boot);

  [[nodiscard]] const std::vector<ProfileFile>& files() const noexcept { return files_; }
  /// By cell: subsystems, and a column for each kernel. Medians of the boots.
  [[nodiscard]] std::string format_tables(const std::vector<std::string>& releases) const;

 private:
  using Figures = std::map<std::string, std::vector<std::vector<double>>>;
  void keep_cell(std::size_t kernel, const Row& row, const std::vector<FunctionCount>& counts);

  std::string plugin_;
  const SymbolTable& program_;               ///< of this process, for as long as it runs
  std::vector<SymbolTable> kernel_symbols_;  ///< by kernel
  std::vector<ProfileFile> files_;           ///< by kernel
  std::vector<std::string> order_;           ///< of the cells
  std::map<std::string, Figures> figures_;   ///< by cell, by subsystem, by kernel
};

}  // namespace urb
