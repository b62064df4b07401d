// open, flock, one write(2) a row, fsync.
#include "report/row_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "report/csv.hpp"

namespace urb {
namespace {

Fd open_for_append(const std::string& path) {
  if (path == "-") return Fd{Adopt{}, check(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "dup")};
  const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  // If that failed, open(2) fails too, with the better message.
  const int raw = open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (raw < 0) throw SysError("open " + path, errno, "choose another file with --csv");
  return Fd{Adopt{}, raw};
}

// What a row that cannot be kept is told with.
const char* remedy_for(int error) noexcept {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return "free disk space; the rows so far are kept";
    case EFBIG:
      return "raise ulimit -f, or choose another file with --csv; the rows so far are kept";
    case EPIPE: return "who read the rows has gone";
    default: return "";
  }
}

// Two runs that start together must not both find an empty file, and no row may follow half of
// another's. Not held while trials run. Where locks do not exist, we do without.
class Lock {
 public:
  explicit Lock(int fd) noexcept : fd_{fd} { (void)flock(fd_, LOCK_EX); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { (void)flock(fd_, LOCK_UN); }

 private:
  int fd_;
};

off_t size_of(int fd) {
  struct stat status {};
  check(fstat(fd, &status), "fstat");
  return S_ISREG(status.st_mode) ? status.st_size : 0;  // a pipe or terminal has no past
}

std::string read_at(int fd, off_t offset, std::size_t count) {
  std::string text(count, '\0');
  const ssize_t length = check(pread(fd, text.data(), count, offset), "pread");
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace

RowFile::RowFile(std::string path) : path_{std::move(path)}, file_{open_for_append(path_)} {
  if (path_ == "-") {
    write_record(format_csv_record(column_names()));
    return;
  }
  const Lock lock{file_.get()};
  start_file();
}

void RowFile::start_file() {
  const std::string header = format_csv_record(column_names());
  const off_t size = size_of(file_.get());
  if (size == 0) {
    write_record(header);
    return;
  }
  const std::string found = read_at(file_.get(), 0, header.size() + 1);
  // A file that went through an editor of another system may have CRLF.
  const bool has_header =
      found.starts_with(header) || found.starts_with(header.substr(0, header.size() - 1) + "\r\n");
  if (!has_header) {
    throw UsageError(path_ +
                     ": its header is not this version's, rows would not fit (choose "
                     "another file with --csv, or move this one away)");
  }
  refuse_torn_end();
}

// Another run may have been killed in the middle of its row, before this one or beside it.
void RowFile::refuse_torn_end() {
  const off_t size = size_of(file_.get());
  if (size == 0 || read_at(file_.get(), size - 1, 1) == "\n") return;
  throw UsageError(
      fmt::format("{0}: ends in the middle of a row (remove it first: sed -i '$d' {0})", path_));
}

void RowFile::append(const Row& row) {
  const std::vector<std::string> fields = format_row(row);
  const Lock lock{file_.get()};
  if (path_ != "-") refuse_torn_end();  // stdout need not be readable
  write_record(format_csv_record(fields));
  ++row_count_;
}

void RowFile::write_record(const std::string& line) {
  const off_t size_before = size_of(file_.get());
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t count = write(file_.get(), line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      // Half a row would make the next one unreadable. Unless another run has appended since.
      const off_t size_torn = size_before + static_cast<off_t>(written);
      if (written != 0 && size_of(file_.get()) == size_torn) {
        (void)!ftruncate(file_.get(), size_before);  // the write's error is the one to report
      }
      throw SysError("write " + name(), error, remedy_for(error));
    }
    written += static_cast<std::size_t>(count);
  }
  // EINVAL and EROFS: pipes and terminals have no disk to wait for.
  if (fsync(file_.get()) != 0 && errno != EINVAL && errno != EROFS) {
    throw SysError("fsync " + name(), errno, remedy_for(errno));
  }
}

}  // namespace urb
