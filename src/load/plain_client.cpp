// The client without TLS.
#include "load/client_answer.hpp"
#include "load/client_closing.hpp"
#include "load/client_exchange.hpp"
#include "load/client_loop.hpp"
#include "load/client_tls.hpp"

namespace urb {

template class BasicClient<PlainClientWire>;

}  // namespace urb
