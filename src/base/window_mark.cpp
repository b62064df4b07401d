#include "base/window_mark.hpp"

// They must stay two functions, and be called. So they hold text for the assembler, which differs.
// It is a comment of no instruction.
extern "C" {

[[gnu::noinline]] void urb_mark_window_begin() noexcept { asm volatile("# begin" ::: "memory"); }
[[gnu::noinline]] void urb_mark_window_end() noexcept { asm volatile("# end" ::: "memory"); }
}
