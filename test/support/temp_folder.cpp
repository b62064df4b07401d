#include "support/temp_folder.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>

#include "base/small_files.hpp"

namespace urb::test {

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "urb-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = std::filesystem::canonical(pattern);
}

TempFolder::~TempFolder() {
  std::error_code ignored;  // a leftover in the folder of temporary files fails no test
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::make_file(const std::string& name, Bytes bytes) const {
  std::mt19937_64 random{1};
  std::ofstream out{file(name), std::ios::binary};
  for (std::uint64_t written = 0; written < bytes.value; written += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    out.write(reinterpret_cast<const char*>(&word), sizeof word);
  }
  out.close();
  std::filesystem::resize_file(file(name), bytes.value);
  return file(name);
}

std::string TempFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream{file(name), std::ios::binary} << text;
  return file(name);
}

std::string TempFolder::read(const std::string& name) const { return read_small_file(file(name)); }

}  // namespace urb::test
