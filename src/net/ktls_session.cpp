// Sessions whose records the kernel seals and opens.
#include "net/session_http.hpp"
#include "net/session_io.hpp"
#include "net/session_ktls.hpp"
#include "net/session_send.hpp"
#include "net/session_tls.hpp"

namespace urb {

template class BasicSessionPool<KtlsWire>;

}  // namespace urb
