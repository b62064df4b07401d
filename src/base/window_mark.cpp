#include "base/window_mark.hpp"

// They must stay two functions, and be called: what they hold is text for the assembler, of no
// instruction, that differs.
extern "C" {

[[gnu::noinline]] void urb_mark_window_begin() noexcept { asm volatile("# begin" ::: "memory"); }
[[gnu::noinline]] void urb_mark_window_end() noexcept { asm volatile("# end" ::: "memory"); }
}
