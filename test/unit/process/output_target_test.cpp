// What paths lead to: links, descriptors, what is no file, and when two are one.
#include "process/output_target.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/temp_folder.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

namespace fs = std::filesystem;
using urb::find_target;
using Kind = urb::OutputTarget::Kind;

class Folder : public urb::test::TempFolder {
 public:
  [[nodiscard]] std::string make(const std::string& name) const {
    std::ofstream{file(name)} << "x";
    return file(name);
  }
  [[nodiscard]] std::string link(const std::string& name, const std::string& target) const {
    fs::create_symlink(target, file(name));
    return file(name);
  }
};

}  // namespace

TEST_CASE("output target: links are followed to the file, be it there or not") {
  const Folder folder;
  const std::string real = folder.make("real");
  CHECK(find_target(folder.link("one", "real")).path == real);
  CHECK(find_target(folder.link("two", folder.file("one"))).path == real);
  CHECK(find_target(folder.link("dangling", "not-yet")).path == folder.file("not-yet"));
  CHECK_FALSE(find_target(folder.file("not-yet")).exists);
  CHECK_THROWS_AS((void)find_target(folder.link("loop", "loop")), urb::SysError);
}

TEST_CASE("output target: a descriptor is one, however it is spelled") {
  const Folder folder;
  const urb::Fd file{urb::Adopt{}, open(folder.make("open").c_str(), O_WRONLY | O_CLOEXEC)};
  const std::string number = std::to_string(file.get());
  for (const std::string& path :
       {"/dev/fd/" + number, "/proc/self/fd/" + number, "//dev/./fd/" + number,
        "/proc/" + std::to_string(getpid()) + "/fd/" + number, "/proc/thread-self/fd/" + number,
        folder.link("link", "/dev/fd/" + number)}) {
    CAPTURE(path);
    const urb::OutputTarget target = find_target(path);
    CHECK(target.kind == Kind::descriptor);
    CHECK(target.descriptor == file.get());
  }
  CHECK(find_target("-").descriptor == STDOUT_FILENO);
  CHECK(find_target("/dev/stdout").descriptor == STDOUT_FILENO);
  CHECK(find_target("/dev/stderr").descriptor == STDERR_FILENO);
  CHECK(find_target("/dev/null").kind == Kind::stream);
  REQUIRE(mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK(find_target(folder.link("to-pipe", "pipe")).kind == Kind::stream);
  // Another process' is opened, not replaced. Of the parent something is always open.
  const std::string parent = "/proc/" + std::to_string(getppid()) + "/fd/0";
  if (access(parent.c_str(), F_OK) == 0) CHECK(find_target(parent).kind == Kind::stream);
}

TEST_CASE("output target: what can be no file is refused") {
  const Folder folder;
  for (const std::string& path :
       {std::string{}, folder.file(""), folder.file("new/"), folder.file("."),
        folder.file("new/.."), folder.link("to-folder", ".")}) {
    CAPTURE(path);
    CHECK_THROWS_AS((void)find_target(path), urb::UsageError);
  }
}

TEST_CASE("output target: two paths to one file are the same, two devices are not") {
  const Folder folder;
  const auto same = [](const std::string& left, const std::string& right) {
    return urb::are_same(find_target(left), find_target(right));
  };
  const std::string file = folder.make("file");
  fs::create_hard_link(file, folder.file("hard"));
  CHECK(same(file, folder.file("hard")));
  CHECK(same(file, folder.link("soft", "file")));
  CHECK(same(file, folder.file("./file")));
  CHECK_FALSE(same(file, folder.make("other")));
  CHECK(same(folder.file("new"), folder.file("none/../new")));
  CHECK(same(folder.file("new"), folder.link("to-new", "new")));
  CHECK_FALSE(same(folder.file("new"), folder.file("newer")));
  CHECK(same("-", "/dev/fd/1"));
  CHECK_FALSE(same("/dev/null", "/dev/null"));
  const urb::Fd open_file{urb::Adopt{}, open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  CHECK(same(file, "/dev/fd/" + std::to_string(open_file.get())));
}

TEST_SUITE_END();
