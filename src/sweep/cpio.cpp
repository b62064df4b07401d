// A header of 13 numbers in eight hex digits each, the name, the bytes; padded to four.
#include "sweep/cpio.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

namespace urb {

void CpioWriter::add_folder(std::string_view name) { add(name, S_IFDIR | 0755U, {}); }

void CpioWriter::add_file(std::string_view name, std::string_view bytes, bool is_executable) {
  add(name, S_IFREG | (is_executable ? 0755U : 0644U), bytes);
}

void CpioWriter::add_character_device(std::string_view name, unsigned major, unsigned minor) {
  add(name, S_IFCHR | 0600U, {}, major, minor);
}

std::string CpioWriter::finish() && {
  next_inode_ = 0;
  add("TRAILER!!!", 0, {});
  return std::move(archive_);
}

void CpioWriter::add(std::string_view name, std::uint32_t mode, std::string_view bytes,
                     unsigned major, unsigned minor) {
  const std::uint32_t links = (mode & S_IFMT) == S_IFDIR ? 2 : 1;
  archive_ += "070701";
  for (const std::size_t field :
       {std::size_t{next_inode_++}, std::size_t{mode}, std::size_t{0} /* uid */,
        std::size_t{0} /* gid */, std::size_t{links}, std::size_t{0} /* mtime */, bytes.size(),
        std::size_t{0} /* device of the file, */, std::size_t{0} /* its minor */,
        std::size_t{major}, std::size_t{minor}, name.size() + 1, std::size_t{0} /* checksum */}) {
    archive_ += fmt::format("{:08x}", field);
  }
  archive_ += name;
  archive_ += '\0';
  pad();
  archive_ += bytes;
  pad();
}

void CpioWriter::pad() { archive_.resize((archive_.size() + 3) / 4 * 4, '\0'); }

}  // namespace urb
