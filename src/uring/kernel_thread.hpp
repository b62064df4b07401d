// The kernel's threads (io-wq), which run what a ring cannot do without blocking, such as splices.
// They count against the same limits as processes do.
#pragma once

namespace urb {

/// Has one request run by such a thread of this process, which then keeps it. 0, or why it did
/// not run: ECANCELED or ETIME where no thread could be made.
[[nodiscard]] int try_kernel_thread();
/// Throws Unsupported, with the limits and `other_way`, where there is no such thread to be had:
/// else no splice would ever end. Throws SysError for what stands in the way of trying.
void require_kernel_thread(const char* other_way);

}  // namespace urb
