// Handshakes that end with the keys in the kernel.
#include "tls/kernel.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <utility>

#include "tls/openssl.hpp"

namespace urb::tls {

bool kernel_takes_tls13() noexcept {
  constexpr unsigned long kFirst = 0x30200000;  // 3.2.0 (OpenSSL's CHANGES)
  return OpenSSL_version_num() >= kFirst;
}

std::string find_library_obstacle() {
#ifdef OPENSSL_NO_KTLS
  return library() + " was built without kTLS";
#else
  return {};
#endif
}

KernelHandshake::KernelHandshake(Context& context, int socket) noexcept
    : ssl_{SSL_new(context.context_)} {
  if (ssl_ == nullptr) return;
  SSL_set_accept_state(ssl_);
  // OpenSSL 3.5.9 gives the socket to the kernel's TLS with the first keys. The kernel refuses one
  // whose peer has ended by then (ENOTCONN; 6.12), and the library goes on without a word. Where
  // this fails too, is_offloaded() says it.
  setsockopt(socket, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls");
  if (SSL_set_fd(ssl_, socket) == 1) return;
  SSL_free(std::exchange(ssl_, nullptr));
}

KernelHandshake::KernelHandshake(KernelHandshake&& other) noexcept
    : ssl_{std::exchange(other.ssl_, nullptr)} {}

KernelHandshake& KernelHandshake::operator=(KernelHandshake&& other) noexcept {
  std::swap(ssl_, other.ssl_);
  return *this;
}

KernelHandshake::~KernelHandshake() { SSL_free(ssl_); }

KernelHandshake::Step KernelHandshake::advance() noexcept {
  if (ssl_ == nullptr) return Step::failed;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return Step::done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return Step::wants_input;
    case SSL_ERROR_WANT_WRITE: return Step::wants_output;
    default: ERR_clear_error(); return Step::failed;
  }
}

bool KernelHandshake::is_offloaded() const noexcept {
  return BIO_get_ktls_send(SSL_get_wbio(ssl_)) && BIO_get_ktls_recv(SSL_get_rbio(ssl_)) &&
         SSL_pending(ssl_) == 0 && SSL_has_pending(ssl_) == 0;
}

bool KernelHandshake::is_resumed() const noexcept { return SSL_session_reused(ssl_) == 1; }

}  // namespace urb::tls
