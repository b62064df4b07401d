// Options of qemu(1), each for a reason.
#include "sweep/qemu.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "process/child.hpp"
#include "process/command.hpp"

namespace urb {
namespace {

constexpr const char* kProgram = "qemu-system-x86_64";
constexpr std::string_view kMachine = "microvm";

// In QEMU's lists of options two commas are one of a value.
std::string quote(std::string_view value) {
  std::string quoted;
  for (const char letter : value) quoted += letter == ',' ? ",," : std::string(1, letter);
  return quoted;
}

std::string ask(const std::string& program, const char* option) {
  const MemoryFile output{"qemu-answer"};
  Child child{"qemu-answer", SIGKILL, [&] {
                return exec_program({program, option}, output.fd(), output.fd());
              }};
  static_cast<void>(child.wait(monotonic_now() + std::chrono::seconds{10}));
  return output.read();
}

}  // namespace

std::string parse_qemu_version(std::string_view text) {
  constexpr std::string_view kBefore = "emulator version ";
  const std::size_t at = text.find(kBefore);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + kBefore.size());
  return std::string{rest.substr(0, rest.find_first_not_of("0123456789."))};
}

Qemu find_qemu() {
  Qemu qemu;
  qemu.path = find_program(kProgram);
  if (qemu.path.empty()) {
    throw Unsupported(fmt::format(
        "there is no {} on the PATH: ./bootstrap --sweep installs it (Debian: qemu-system-x86)",
        kProgram));
  }
  qemu.version = parse_qemu_version(ask(qemu.path, "--version"));
  if (qemu.version.empty()) {
    throw Unsupported(fmt::format("{} --version does not answer as QEMU does", qemu.path));
  }
  return qemu;
}

bool has_plugins(const Qemu& qemu) {
  return ask(qemu.path, "--help").find("\n-plugin ") != std::string::npos;
}

std::vector<std::string> qemu_command(const Qemu& qemu, const Machine& machine) {
  // panic=-1 and -no-reboot: a panic ends QEMU. noirqtime: what a process' system calls cost in
  // soft interrupts is in its CPU clock, and not lost.
  std::string parameters = "console=ttyS0 quiet panic=-1 tsc=reliable tsc=noirqtime";
  // The addresses of functions are those of its symbols, and the same in each boot.
  if (machine.profile) parameters += " nokaslr";
  if (!machine.more_parameters.empty()) parameters += " " + machine.more_parameters;
  std::vector<std::string> command{qemu.path, "-nodefaults", "-no-user-config", "-no-reboot"};
  const auto add = [&command](std::string_view option, std::string value) {
    command.emplace_back(option);
    command.push_back(std::move(value));
  };
  add("-display", "none");
  // The smallest machine: little to start, and no device that interrupts.
  // Of its network card a kernel hears by ACPI.
  add("-machine", fmt::format("{},isa-serial=on,x-option-roms=off,rtc=on,acpi={}", kMachine,
                              machine.forward ? "on" : "off"));
  if (machine.cpu == GuestCpu::tcg) {
    add("-accel", "tcg");
    // A flag that QEMU does not have would else be left out with a warning.
    add("-cpu", machine.model + (machine.model.find(',') == std::string::npos ? "" : ",enforce"));
    add("-smp", "1");
    // An instruction takes a nanosecond of the guest's time, and waiting takes none of ours. Nor
    // could a kernel calibrate the clock that QEMU has without, on a busy host. A guest that waits
    // for others waits as long as they do.
    add("-icount", fmt::format("shift=0,sleep={}", machine.forward ? "on" : "off"));
    // What else would differ from boot to boot.
    add("-seed", "1");
    add("-rtc", "base=2026-01-01T00:00:00,clock=vm");
  } else {
    add("-accel", "kvm");
    add("-cpu", "host");
    add("-smp", fmt::format("{}", machine.cpus));
  }
  add("-m", "512M");
  add("-kernel", machine.kernel);
  add("-initrd", machine.initramfs);
  add("-append", parameters);
  add("-serial", "file:" + machine.console);
  // Bytes that need no driver in the guest, and do not mix with its kernel's messages.
  add("-chardev", "stdio,id=rows,signal=off");
  add("-device", "isa-debugcon,iobase=0xe9,chardev=rows");
  add("-device", "isa-debug-exit,iobase=0xf4,iosize=4");
  if (machine.forward) {
    add("-netdev", fmt::format("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{}-{}:{}",
                               machine.forward->host, kGuestAddress, machine.forward->guest));
    add("-device", "virtio-net-device,netdev=net");
  }
  if (machine.profile) {
    const MachineProfile& profile = *machine.profile;
    add("-plugin", fmt::format("file={},begin={:#x},end={:#x},output={}", quote(profile.plugin),
                               profile.begin_address, profile.end_address, quote(profile.windows)));
    add("-chardev", "file,id=symbols,path=" + quote(profile.symbols));
    add("-device", "isa-debugcon,iobase=0xea,chardev=symbols");
  }
  return command;
}

std::string describe_machine(const Qemu& qemu, GuestCpu cpu, std::string_view model) {
  return fmt::format("qemu={};machine={};cpu={}", qemu.version, kMachine,
                     cpu == GuestCpu::tcg ? model : "host");
}

}  // namespace urb
