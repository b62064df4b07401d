// open, flock, one write(2) a row, fsync.
#include "row/row_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "process/output_target.hpp"
#include "row/csv.hpp"
#include "row/row_reader.hpp"

namespace urb {
namespace {

constexpr const char* kRemedy = "choose another file with --csv";

// Bytes of which the last line is surely one: its longest field is the reason of a failure.
constexpr off_t kTailMax = 1 << 20;

Fd open_for_append(const std::string& path, const OutputTarget& target) {
  int raw = -1;
  switch (target.kind) {
    case OutputTarget::Kind::descriptor:
      raw = fcntl(target.descriptor, F_DUPFD_CLOEXEC, 3);
      // Its file may have rows already, which only a reader sees. Standard output may not be read.
      if (raw >= 0 && path != "-" && S_ISREG(target.mode)) {
        const Fd duplicate{Adopt{}, raw};
        raw = open(fmt::format("/proc/self/fd/{}", target.descriptor).c_str(),
                   O_RDWR | O_APPEND | O_CLOEXEC);
      }
      break;
    case OutputTarget::Kind::stream:
      raw = open(target.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
      break;
    case OutputTarget::Kind::file:
      make_folders_above(target.path, kRemedy);
      raw = open(target.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
      break;
  }
  if (raw < 0) throw SysError("open " + path, errno, kRemedy);
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

RowFile::RowFile(std::string path)
    : path_{std::move(path)}, file_{open_for_append(path_, find_target(path_))} {
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
  // Spreadsheets and editors write a byte order mark, quotes and CRLF.
  constexpr std::size_t kQuotesPerField = 2;
  const std::string begin =
      read_at(file_.get(), 0, header.size() + 8 + kQuotesPerField * column_names().size());
  const std::uint64_t schema =
      schema_of_header(std::string_view{begin}.substr(0, begin.find('\n')));
  if (schema != 0 && schema != kSchema) {
    throw UsageError(fmt::format(
        "{}: its rows are of schema {}, and this version writes schema {} (move the file away, or "
        "choose another with --csv; report reads both)",
        path_, schema, kSchema));
  }
  if (schema == 0) {
    throw UsageError(path_ +
                     ": its header is not this version's, rows would not fit (choose "
                     "another file with --csv, or move this one away)");
  }
  static_cast<void>(find_missing_end());
}

// Editors, spreadsheets and $(…) leave out the last line end; another run may have been killed in
// the middle of its row, before this one or beside it.
std::string RowFile::find_missing_end() const {
  const off_t size = size_of(file_.get());
  if (size == 0 || read_at(file_.get(), size - 1, 1) == "\n") return "";
  const off_t tail_size = std::min(size, kTailMax);
  const std::string end =
      read_at(file_.get(), size - tail_size, static_cast<std::size_t>(tail_size));
  const std::string tail = end.substr(end.rfind('\n') + 1);
  switch (classify_tail(tail)) {
    case TailKind::whole: return "\n";
    case TailKind::torn: break;
    case TailKind::foreign:
      throw UsageError(path_ +
                       ": its last line is no row, and has no line end (see what it is, or choose "
                       "another file with --csv)");
  }
  throw UsageError(fmt::format("{}: ends in the middle of a row (remove it first: sed -i '$d' {})",
                               path_, quote_for_shell(path_)));
}

void RowFile::append(const Row& row) {
  const std::vector<std::string> fields = format_row(row);
  const Lock lock{file_.get()};
  // One write with the row, so that both are taken back together. Stdout need not be readable.
  const std::string missing = path_ == "-" ? "" : find_missing_end();
  write_record(missing + format_csv_record(fields));
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
