// A fixed piece of the kind of work that a trial measures, timed by itself: a machine whose speed
// has changed shows here, whatever the modes cost.
#pragma once

#include "base/units.hpp"

namespace urb {

/// The rate at which this thread sends bytes to itself over fresh TCP connections of the loopback
/// device and receives them, in 10^9 bytes a second of its CPU time. By CPU time, since who else
/// ran meanwhile is another question. 1 MiB is in flight at once, in pages that the kernel
/// allocates as for a load: in a virtual machine, pages that were given back to its host are slow
/// to come, and nothing else in the guest shows it. Takes 10 ms. Throws SysError.
[[nodiscard]] double measure_yardstick();

}  // namespace urb
