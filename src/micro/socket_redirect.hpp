// What comes to one socket is sent on another by the kernel: a sockmap with a verdict program
// (Documentation/bpf/map_sockmap.rst). Unix sockets as target: Linux 5.15.
//
// It is no relay for HTTP, and only `micro` has it. It knows no end of a body. It has no
// back-pressure: what the target does not take waits in the kernel, without limit (tried on 6.18).
// Bytes that came before it was made wait until others come.
#pragma once

#include "base/fd.hpp"

namespace urb {

class SocketRedirect {
 public:
  /// `source` is a connected TCP socket, `target` a connected stream socket. Both outlive this.
  /// Throws Unsupported without the privilege or the kernel for it.
  SocketRedirect(int source, int target);

 private:
  Fd sockets_;
  Fd verdict_;
};

}  // namespace urb
