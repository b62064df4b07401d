// Where a test puts its files.
#pragma once

#include <filesystem>
#include <string>

#include "base/units.hpp"

namespace urb::test {

/// A folder of its own for one test, removed with everything in it.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// A file of `bytes` pseudo-random bytes; its path.
  [[nodiscard]] std::string make_file(const std::string& name, Bytes bytes) const;
  /// A file with that text; its path.
  std::string write(const std::string& name, const std::string& text) const;
  /// What a file of it holds, "" where there is none.
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace urb::test
