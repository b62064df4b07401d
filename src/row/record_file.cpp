// open, flock, one write(2), fsync.
#include "row/record_file.hpp"

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
#include "row/record_reader.hpp"

namespace urb {
namespace {

// Bytes of which the last line is surely one: its longest field is the reason of a failure.
constexpr off_t kTailMax = 1 << 20;

Fd open_for_append(const std::string& path, const OutputTarget& target, const char* remedy) {
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
      make_folders_above(target.path, remedy);
      raw = open(target.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
      break;
  }
  if (raw < 0) throw SysError("open " + path, errno, remedy);
  return Fd{Adopt{}, raw};
}

// What a row that cannot be kept is told with.
std::string remedy_for(int error, const char* other_file) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return "free disk space; the rows so far are kept";
    case EFBIG: return fmt::format("raise ulimit -f, or {}; the rows so far are kept", other_file);
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

RecordFile::RecordFile(const RecordKind& kind, std::string path)
    : kind_{&kind},
      path_{std::move(path)},
      file_{open_for_append(path_, find_target(path_), kind.remedy)} {
  if (path_ == "-") {
    write_records(format_csv_record(kind_->columns(kind_->schema)));
    return;
  }
  const Lock lock{file_.get()};
  start_file();
}

void RecordFile::start_file() {
  const std::vector<std::string>& columns = kind_->columns(kind_->schema);
  const std::string header = format_csv_record(columns);
  const off_t size = size_of(file_.get());
  if (size == 0) {
    write_records(header);
    return;
  }
  // Spreadsheets and editors write a byte order mark, quotes and CRLF.
  constexpr std::size_t kQuotesPerField = 2;
  const std::string begin =
      read_at(file_.get(), 0, header.size() + 8 + kQuotesPerField * columns.size());
  const std::uint64_t schema =
      schema_of_header(*kind_, std::string_view{begin}.substr(0, begin.find('\n')));
  if (schema != 0 && schema != kind_->schema) {
    throw UsageError(fmt::format(
        "{}: its rows are of schema {}, and this version writes schema {} (move the file away, or "
        "{}; {})",
        path_, schema, kind_->schema, kind_->remedy, kind_->readers));
  }
  if (schema == 0) {
    throw UsageError(fmt::format(
        "{}: its header is not this version's, rows would not fit ({}, or move this one away)",
        path_, kind_->remedy));
  }
  static_cast<void>(find_missing_end());
}

// Editors, spreadsheets and $(…) leave out the last line end; another run may have been killed in
// the middle of its row, before this one or beside it.
std::string RecordFile::find_missing_end() const {
  const off_t size = size_of(file_.get());
  if (size == 0 || read_at(file_.get(), size - 1, 1) == "\n") return "";
  const off_t tail_size = std::min(size, kTailMax);
  const std::string end =
      read_at(file_.get(), size - tail_size, static_cast<std::size_t>(tail_size));
  const std::string tail = end.substr(end.rfind('\n') + 1);
  switch (classify_tail(*kind_, tail, kind_->schema)) {
    case TailKind::whole: return "\n";
    case TailKind::torn: break;
    case TailKind::foreign:
      throw UsageError(
          fmt::format("{}: its last line is no row, and has no line end (see what it is, or {})",
                      path_, kind_->remedy));
  }
  throw UsageError(fmt::format("{}: ends in the middle of a row (remove it first: sed -i '$d' {})",
                               path_, quote_for_shell(path_)));
}

void RecordFile::append(const std::string& records) {
  const Lock lock{file_.get()};
  // One write with the rows, so that both are taken back together. Stdout need not be readable.
  const std::string missing = path_ == "-" ? "" : find_missing_end();
  write_records(missing + records);
}

void RecordFile::write_records(const std::string& records) {
  const off_t size_before = size_of(file_.get());
  std::size_t written = 0;
  while (written < records.size()) {
    const ssize_t count = write(file_.get(), records.data() + written, records.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      // Half a row would make the next one unreadable. Unless another run has appended since.
      const off_t size_torn = size_before + static_cast<off_t>(written);
      if (written != 0 && size_of(file_.get()) == size_torn) {
        (void)!ftruncate(file_.get(), size_before);  // the write's error is the one to report
      }
      throw SysError("write " + name(), error, remedy_for(error, kind_->remedy).c_str());
    }
    written += static_cast<std::size_t>(count);
  }
  // EINVAL and EROFS: pipes and terminals have no disk to wait for.
  if (fsync(file_.get()) != 0 && errno != EINVAL && errno != EROFS) {
    throw SysError("fsync " + name(), errno, remedy_for(errno, kind_->remedy).c_str());
  }
}

}  // namespace urb
