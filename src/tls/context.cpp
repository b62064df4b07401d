// What the connections of one side have in common.
#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>
#include <vector>

#include "base/error.hpp"
#include "tls/kernel.hpp"
#include "tls/openssl.hpp"
#include "tls/tickets.hpp"
#include "tls/tls.hpp"

namespace urb::tls {
namespace {

// The suites that the kernel can take over as well (docs/decisions/0043).
constexpr const char* kServerSuites12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
constexpr const char* kServerSuites13 = "TLS_AES_128_GCM_SHA256";

[[noreturn]] void refuse(const char* what) { throw UsageError(describe_error(what)); }

// An encrypted key has nobody here who would type its pass phrase.
int no_phrase(char*, int, int, void*) { return -1; }

void use_certificates(SSL_CTX* context, const std::string& text) {
  const BioPtr reader = read_text(text);
  const CertificatePtr own{PEM_read_bio_X509(reader.get(), nullptr, no_phrase, nullptr)};
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) refuse("the certificate");
  while (X509* const next = PEM_read_bio_X509(reader.get(), nullptr, no_phrase, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) == 1) continue;
    X509_free(next);
    refuse("the certificate's chain");
  }
  ERR_clear_error();  // the end of the text is one
}

void use_key(SSL_CTX* context, const std::string& text) {
  const BioPtr reader = read_text(text);
  const KeyPtr key{PEM_read_bio_PrivateKey(reader.get(), nullptr, no_phrase, nullptr)};
  if (!key) refuse("the key");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) refuse("certificate and key");
}

SSL_CTX* make_context(const SSL_METHOD* method) {
  // The same everywhere: no file of the system's says which versions and suites there are.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  SSL_CTX* const context = SSL_CTX_new(method);
  if (context == nullptr) throw Unsupported(describe_error("TLS"));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection costs some KB, and not the buffers of a record each way.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

std::string library() {
  const std::string_view version = OpenSSL_version(OPENSSL_VERSION);  // "OpenSSL 3.0.19 27 Jan …"
  const std::size_t name_end = version.find(' ');
  return std::string{version.substr(0, version.find(' ', name_end + 1))};
}
void require_library() {}

Context::Context() = default;
Context::Context(Context&& other) noexcept
    : tickets_{std::move(other.tickets_)},
      context_{std::exchange(other.context_, nullptr)},
      is_server_{other.is_server_} {}
Context& Context::operator=(Context&& other) noexcept {
  std::swap(tickets_, other.tickets_);
  std::swap(context_, other.context_);
  std::swap(is_server_, other.is_server_);
  return *this;
}
Context::~Context() { SSL_CTX_free(context_); }

Context Context::for_server(const Identity& identity, bool resumes) {
  Context made;
  made.is_server_ = true;
  made.context_ = make_context(TLS_server_method());
  SSL_CTX* const context = made.context_;
  if (SSL_CTX_set_cipher_list(context, kServerSuites12) != 1 ||
      SSL_CTX_set_ciphersuites(context, kServerSuites13) != 1) {
    throw Unsupported(describe_error("AES-128-GCM"));
  }
  use_certificates(context, identity.certificate);
  use_key(context, identity.key);
  // Of sessions the server remembers nothing: each worker takes the tickets of the others.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, resumes ? 1 : 0);
  if (!resumes) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  } else {
    auto keys = identity.ticket_keys;
    if (SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), static_cast<long>(keys.size())) != 1) {
      throw Unsupported(describe_error("tickets"));
    }
  }
  return made;
}

Context Context::for_kernel(const Identity& identity, bool resumes) {
  if (const std::string obstacle = find_library_obstacle(); !obstacle.empty()) {
    throw Unsupported(obstacle);
  }
  Context made = for_server(identity, resumes);
  SSL_CTX_set_options(made.context_, SSL_OP_ENABLE_KTLS);
  if (!kernel_takes_tls13()) SSL_CTX_set_max_proto_version(made.context_, TLS1_2_VERSION);
  return made;
}

Context Context::for_client(bool resumes) {
  Context made;
  made.context_ = make_context(TLS_client_method());
  SSL_CTX_set_verify(made.context_, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(made.context_, SSL_SESS_CACHE_OFF);
  if (!resumes) return made;
  made.tickets_ = std::make_unique<Tickets>();
  SSL_CTX_set_app_data(made.context_, made.tickets_.get());
  SSL_CTX_set_session_cache_mode(made.context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(made.context_, [](SSL* ssl, SSL_SESSION* session) {
    auto* const tickets = static_cast<Tickets*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    tickets->keep(SessionPtr{session});
    return 1;  // it is ours now
  });
  return made;
}

}  // namespace urb::tls
