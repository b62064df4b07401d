// The same tests in a virtual machine, under a kernel that this host does not run.
//
// `urb-tests --guest=KERNEL …` boots KERNEL with this program as its only user space, and runs the
// rest of the command line in it. What the environment calls URB_… is handed on. Two of these say
// what the guest has besides: URB_GUEST_PROGRAMS programs, by name or path, with their libraries,
// and URB_GUEST_MODULES modules of the kernel's folder. Commas stand between them.
#pragma once

#include <optional>
#include <string>

#include "sweep/kernel_image.hpp"

namespace urb::test {

/// The exit status of the guest's run where the first argument asks for a guest, else nothing.
/// KERNEL is a folder as tools/fetch-kernels makes it, or what `sweep --kernel` takes. 77 where no
/// guest can run: no QEMU, no such kernel, program or module, or a program of tests that is not
/// static. Says why on stderr.
[[nodiscard]] std::optional<int> run_in_guest(int argc, char** argv);

/// A kernel, named as with --guest. Throws Unsupported where there is none, and as read_kernel().
[[nodiscard]] KernelImage find_guest_kernel(const std::string& spec);

/// Whether these tests run in such a guest.
[[nodiscard]] bool is_in_guest() noexcept;

}  // namespace urb::test
