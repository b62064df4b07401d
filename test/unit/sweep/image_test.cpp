// What a guest is made of, byte by byte, and what comes with QEMU and kernels.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "support/temp_folder.hpp"
#include "sweep/boot.hpp"
#include "sweep/cpio.hpp"
#include "sweep/initramfs.hpp"
#include "sweep/kernel_image.hpp"
#include "sweep/qemu.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

TEST_CASE("cpio: one file and one folder, as the kernel's document of the format says") {
  CpioWriter writer;
  writer.add_folder("dev");
  writer.add_file("init", "abcde", true);
  const std::string archive = std::move(writer).finish();
  // Inode, mode, owners, links, time, size, devices, length of the name with its zero, no checksum.
  const std::string folder =
      "070701"
      "00000001"
      "000041ed"
      "00000000"
      "00000000"
      "00000002"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000004"
      "00000000"
      "dev";
  REQUIRE(archive.size() % 4 == 0);
  CHECK(archive.substr(0, folder.size()) == folder);
  const std::size_t file = archive.find("070701", folder.size());
  CHECK(file % 4 == 0);
  CHECK(archive.substr(file + 14, 8) == "000081ed");
  CHECK(archive.substr(file + 54, 8) == "00000005");
  CHECK(archive.substr(file + 110, 5) == std::string{"init\0", 5});
  CHECK(archive.substr(file + 116, 5) == "abcde");
  CHECK(archive.find("TRAILER!!!") != std::string::npos);
}

TEST_CASE("guest task: its text form comes back whole") {
  GuestTask task;
  task.runs = {{"socket", "-b", "4K", ""}, {"micro"}};
  task.settle_s = 8;
  task.counts_instructions = true;
  task.environment = {"URB_TEST_BURN=1"};
  const GuestTask back = parse_task(format_task(task));
  CHECK(back.runs == task.runs);
  CHECK(back.settle_s == 8);
  CHECK(back.counts_instructions);
  CHECK_FALSE(back.sends_symbols);
  CHECK(back.environment == task.environment);
  task.sends_symbols = true;
  CHECK(parse_task(format_task(task)).sends_symbols);
  task.runs = {{"a\nb"}};
  CHECK_THROWS_AS((void)format_task(task), UsageError);
}

std::string value_of(const std::vector<std::string>& command, const std::string& option) {
  const auto found = std::find(command.begin(), command.end(), option);
  return found == command.end() || found + 1 == command.end() ? "" : *(found + 1);
}

std::string made_up_image(const std::string& version) {
  std::string image(0x400, '\0');
  image.replace(0x202, 4, "HdrS");
  image[0x20e] = '\x00';
  image[0x20f] = '\x01';  // 0x100, from 0x200
  return image.replace(0x300, version.size(), version);
}

TEST_CASE("kernel image: the version line of its header, and nothing of what is no image") {
  CHECK(find_version_line(made_up_image("6.1.0-56 (debian) #1 SMP")) == "6.1.0-56 (debian) #1 SMP");
  CHECK(find_version_line("").empty());
  CHECK(find_version_line(std::string(0x400, 'x')).empty());
  std::string beyond = made_up_image("");
  beyond[0x20f] = '\x7f';
  CHECK(find_version_line(beyond).empty());
  CHECK_THROWS_AS((void)read_kernel("/dev/null"), UsageError);
  CHECK_THROWS_AS((void)read_kernel("/nowhere/vmlinuz"), SysError);
}

TEST_CASE("kernel image: the configuration that lies beside it, by either name") {
  const test::TempFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream{folder.file(name)} << text;
  };
  const std::string image = made_up_image("6.12.118 (debian) #1 SMP PREEMPT_DYNAMIC Debian");
  write("vmlinuz", image);
  write("vmlinuz-6.12.118", image);
  write("vmlinuz-6.1", image);
  write("config", "\nCONFIG_HZ=250\nCONFIG_PREEMPT_LAZY=y\nCONFIG_UBSAN=y\n");
  write("config-6.12.118", "\nCONFIG_HZ=1000\n");
  const KernelImage kernel = read_kernel(folder.file("vmlinuz"));
  CHECK(kernel.config.hz == 250);
  CHECK(kernel.config.preemption == "dynamic:lazy");
  CHECK(kernel.config.irq_accounting == "no");
  CHECK(kernel.config.summary.ends_with(";PREEMPT_LAZY=y;UBSAN=y"));
  CHECK(read_kernel(folder.file("vmlinuz-6.12.118")).config.hz == 1000);
  // Of another kernel nothing is taken.
  CHECK_FALSE(read_kernel(folder.file("vmlinuz-6.1")).config.hz);
  CHECK(read_kernel(folder.file("vmlinuz-6.1")).config.summary.empty());
}

TEST_CASE("qemu: its version, and a machine that counts only under TCG") {
  CHECK(parse_qemu_version("QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright") == "7.2.22");
  CHECK(parse_qemu_version("bash 5.2").empty());
  const Qemu qemu{"/usr/bin/qemu", "7.2.22"};
  const auto has = [](const std::vector<std::string>& command, const std::string& word) {
    return std::find(command.begin(), command.end(), word) != command.end();
  };
  CHECK(has(qemu_command(qemu, {.cpu = GuestCpu::tcg}), "-icount"));
  CHECK_FALSE(has(qemu_command(qemu, {.cpu = GuestCpu::kvm}), "-icount"));
  CHECK(has(qemu_command(qemu, {.cpu = GuestCpu::tcg}), "Nehalem-v1"));
  CHECK(has(qemu_command(qemu, {.model = "Nehalem-v1,+erms"}), "Nehalem-v1,+erms,enforce"));
  CHECK(has(qemu_command(qemu, {.cpu = GuestCpu::kvm}), "host"));
  CHECK(describe_machine(qemu, GuestCpu::tcg, "Nehalem-v1") ==
        "qemu=7.2.22;machine=microvm;cpu=Nehalem-v1");
  CHECK(describe_machine(qemu, GuestCpu::kvm, "Nehalem-v1") ==
        "qemu=7.2.22;machine=microvm;cpu=host");
  CHECK(value_of(qemu_command(qemu, {.cpu = GuestCpu::tcg}), "-plugin").empty());
}

TEST_CASE("qemu: a guest with a network has a card, one way in, and waits as we do") {
  Machine machine;
  machine.forward = ForwardedPort{40'000, 8443};
  const std::vector<std::string> command = qemu_command({"/usr/bin/qemu", "7.2.22"}, machine);
  CHECK(value_of(command, "-netdev") ==
        "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:40000-10.0.2.15:8443");
  CHECK(value_of(command, "-machine").ends_with(",acpi=on"));
  CHECK(value_of(command, "-icount") == "shift=0,sleep=on");
  CHECK(value_of(qemu_command({"/usr/bin/qemu", "7.2.22"}, {}), "-netdev").empty());
}

TEST_CASE("kernel: modules of the network are apart, and none without the card's own") {
  const test::TempFolder folder;
  std::ofstream{folder.file("vmlinuz")} << made_up_image("6.12.118 (debian) #1 SMP Debian");
  const std::string modules = folder.file("modules");
  std::filesystem::create_directory(modules);
  const auto read = [&] { return read_kernel(folder.file("vmlinuz") + "," + modules); };
  for (const char* const name : {"tls", "net_failover", "failover"}) {
    std::ofstream{modules + "/" + name + ".ko"} << "module";
  }
  CHECK(read().modules.size() == 1);
  CHECK(read().network_modules.empty());
  CHECK_THROWS_AS((void)boot(read(), {}, {.forward = ForwardedPort{1, 1}}, {}, false), Unsupported);
  std::ofstream{modules + "/virtio_net.ko.xz"} << "module";
  CHECK(read().modules.size() == 1);
  CHECK(read().network_modules == std::vector{modules + "/failover.ko",
                                              modules + "/net_failover.ko",
                                              modules + "/virtio_net.ko.xz"});
}

TEST_CASE("qemu: a profile needs its plugin, addresses that stay, and a port for symbols") {
  Machine machine;
  machine.profile = MachineProfile{"/a,b/plugin.so", 0x401000, 0x401010, "/w", "/s"};
  const std::vector<std::string> command = qemu_command({"/usr/bin/qemu", "7.2.22"}, machine);
  CHECK(value_of(command, "-plugin") ==
        "file=/a,,b/plugin.so,begin=0x401000,end=0x401010,output=/w");
  CHECK(value_of(command, "-append").ends_with(" nokaslr"));
  CHECK(std::find(command.begin(), command.end(), "isa-debugcon,iobase=0xea,chardev=symbols") !=
        command.end());
}

TEST_CASE("boot: the panic's line is found in the console, and its last line") {
  CHECK(find_panic("a\r\n[ 1.0] Kernel panic - not syncing: VFS: no root\r\n---\n") ==
        "Kernel panic - not syncing: VFS: no root");
  CHECK(find_panic("all is well\n").empty());
  CHECK(last_line("one\r\ntwo\r\n\r\n") == "two");
  CHECK(last_line("").empty());
}

TEST_CASE("initramfs: what needs an interpreter is told from what does not") {
  CHECK(is_dynamic("short"));
}

TEST_CASE("initramfs: a task's files come with the folders that they are in, each once") {
  if (is_dynamic(read_own_program())) return;
  GuestTask task;
  task.files = {{"/a/b/one", "first"}, {"/a/two", "second"}};
  const std::string archive = make_initramfs({}, task);
  // A name comes behind the checksum, which is none. Put together here: the archive has this
  // program, and with it the text of this test.
  const auto count = [&archive](const std::string& name) {
    const std::string entry = std::string(8, '0') + name + std::string(1, '\0');
    std::size_t found = 0;
    for (std::size_t at = 0; (at = archive.find(entry, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  for (const char* const name : {"a", "a/b", "a/b/one", "a/two"}) CHECK(count(name) == 1);
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
