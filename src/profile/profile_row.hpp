// A profile as lines of a CSV file: how many instructions of a request each function executed. A
// file of profiles is append-only, as a file of rows is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "row/record_file.hpp"
#include "row/row.hpp"

namespace urb {

/// Of the files of profiles. Counts up when their columns change.
inline constexpr std::uint64_t kProfileSchema = 1;

/// One function of one cell of one boot. Where `function` is empty, it is the sum of a subsystem:
/// the rows of a cell are the sums and all functions. The subsystems' sums add up to the cell.
struct ProfileRow {
  std::uint64_t method = kMethod;  ///< as in Row, so is each up to `reuse`
  std::string run_id;
  std::string kernel;
  std::string kernel_compiler;
  std::string kernel_config;
  std::string guest;  ///< virtual machine, its version and CPU model
  std::string mode;
  std::string relay;
  std::string buffers;
  std::string tls;
  unsigned connections = 0;
  std::uint64_t body_bytes = 0;
  bool reuse = false;
  std::string subsystem;
  std::string function;
  double instructions_per_request = 0;  ///< of kernel, client, master and workers together
  unsigned repeat = 1;                  ///< which boot of this kernel, from 1

  bool operator==(const ProfileRow&) const = default;
};

/// The names of the columns in their order.
[[nodiscard]] const std::vector<std::string>& profile_column_names();
/// A row as the texts of its fields, in that order.
[[nodiscard]] std::vector<std::string> format_profile_row(const ProfileRow& row);
/// The inverse. The error's position is the index of the field.
[[nodiscard]] std::variant<ProfileRow, ParseError> parse_profile_row(
    const std::vector<std::string>& fields);

/// The files of profiles as a kind of files of records.
[[nodiscard]] const RecordKind& profile_records() noexcept;

/// Whether the text of a file begins with a header of profiles.
[[nodiscard]] bool is_profile(std::string_view text);

/// "DIR/6.12.117.profile.csv": where the profiles of a kernel stand beside its rows.
[[nodiscard]] std::string profile_path(std::string_view folder, std::string_view release);

class ProfileFile {
 public:
  /// As RecordFile does.
  explicit ProfileFile(std::string path) : file_{profile_records(), std::move(path)} {}

  /// Writes the rows of a cell, all or none of them. Throws as RecordFile does.
  void append(std::span<const ProfileRow> rows);

  [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }
  [[nodiscard]] std::size_t row_count() const noexcept { return row_count_; }

 private:
  RecordFile file_;
  std::size_t row_count_ = 0;  ///< appended by this object
};

/// All rows of the text of a file called `name`. The rules are those of parse_records(): half a row
/// at the end is left out and `notes` gets a sentence, anything else that is no row is a
/// UsageError. Texts are fit for pages and terminals.
[[nodiscard]] std::vector<ProfileRow> parse_profile(std::string_view text, const std::string& name,
                                                    std::vector<std::string>* notes = nullptr);
/// The same for a file. Throws SysError when it cannot be read.
[[nodiscard]] std::vector<ProfileRow> read_profile(const std::string& path,
                                                   std::vector<std::string>* notes = nullptr);

}  // namespace urb
