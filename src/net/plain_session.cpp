// Sessions without TLS.
#include "net/session_http.hpp"
#include "net/session_io.hpp"
#include "net/session_ktls.hpp"
#include "net/session_send.hpp"
#include "net/session_tls.hpp"

namespace urb {

template class BasicSessionPool<PlainWire>;

}  // namespace urb
