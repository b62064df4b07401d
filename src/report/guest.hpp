// What the column `guest` says of a virtual machine: "qemu=7.2.22;machine=microvm;…".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// What stands behind a name; empty when nothing does. `guest` is the column's text.
[[nodiscard]] std::string guest_field(std::string_view guest, std::string_view name);
[[nodiscard]] std::string guest_field(const Row& row, std::string_view name);
/// The names that have a value, in their order.
[[nodiscard]] std::vector<std::string> guest_field_names(std::string_view guest);
/// Without the fields that differ by boot and by trial: the counts of roles, and how long a boot
/// was left to settle. The kernel's build is left out too: which kernel it was is another column.
[[nodiscard]] std::string lasting_guest(std::string_view guest);
/// What rows must share to be held against each other: emulator, machine, processor.
[[nodiscard]] std::string virtual_machine(const Row& row);

}  // namespace urb
