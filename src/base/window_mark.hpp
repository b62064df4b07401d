// Two empty functions around the measured window. A virtual machine that counts the instructions of
// each function (`sweep --profile`) begins and ends there. Elsewhere they cost a call.
//
// Call them in the process that reads the CPU clocks, next to the reading: before and after them
// the instructions are the measurement's own. A begin without an end is no window.
#pragma once

extern "C" {

/// Where the window's first readings have been taken. Counts start from zero, again if need be.
void urb_mark_window_begin() noexcept;
/// Where its last readings begin.
void urb_mark_window_end() noexcept;
}
