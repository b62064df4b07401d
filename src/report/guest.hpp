// What the column `guest` says of a virtual machine: "qemu=7.2.22;machine=microvm;…".
#pragma once

#include <string>
#include <string_view>

#include "row/row.hpp"

namespace urb {

/// What stands behind a name; empty when nothing does.
[[nodiscard]] std::string guest_field(const Row& row, std::string_view name);
/// What rows must share to be held against each other: emulator, machine, processor.
[[nodiscard]] std::string virtual_machine(const Row& row);

}  // namespace urb
