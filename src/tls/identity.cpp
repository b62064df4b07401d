// Certificates and keys: made here, or read from files.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/error.hpp"
#include "tls/openssl.hpp"
#include "tls/tls.hpp"

namespace urb::tls {
namespace {

constexpr long kDay = 24L * 60 * 60;

template <class T>
T must(T result, const char* what) {
  if (!result) throw Unsupported(describe_error(what));
  return result;
}

std::string text_of(BIO* memory) {
  char* text = nullptr;
  const long bytes = BIO_get_mem_data(memory, &text);
  return {text, static_cast<std::size_t>(bytes)};
}

void add_extension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      must(X509V3_EXT_conf_nid(nullptr, &context, kind, value), "an extension");
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  must(added, "an extension");
}

std::string read_whole(const std::string& path) {
  const std::unique_ptr<std::FILE, FreeBy<std::fclose>> file{std::fopen(path.c_str(), "re")};
  if (!file) throw SysError("open " + path, errno);
  std::string text;
  char piece[4096];
  while (const std::size_t bytes = std::fread(piece, 1, sizeof piece, file.get())) {
    text.append(piece, bytes);
  }
  if (std::ferror(file.get()) != 0) throw SysError("read " + path, errno);
  return text;
}

void make_ticket_keys(Identity& identity) {
  must(RAND_bytes(identity.ticket_keys.data(), static_cast<int>(identity.ticket_keys.size())) == 1,
       "random bytes");
}

}  // namespace

std::string describe_error(std::string_view what) {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return std::string{what} + ": " + (reason == nullptr ? "OpenSSL refuses" : reason);
}

BioPtr read_text(std::string_view text) {
  return BioPtr{must(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory")};
}

Identity make_throwaway_identity() {
  const KeyPtr key{must(EVP_EC_gen("P-256"), "a key (P-256)")};
  const CertificatePtr certificate{must(X509_new(), "a certificate")};
  X509* const x509 = certificate.get();
  std::uint32_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "random bytes");
  must(X509_set_version(x509, X509_VERSION_3), "a version");
  must(ASN1_INTEGER_set(X509_get_serialNumber(x509), static_cast<long>(serial >> 1U)),
       "a serial number");
  // From yesterday on, for clients whose clock is late.
  must(X509_gmtime_adj(X509_getm_notBefore(x509), -kDay), "a date");
  must(X509_gmtime_adj(X509_getm_notAfter(x509), kDay), "a date");
  must(X509_set_pubkey(x509, key.get()), "a public key");
  X509_NAME* const name = X509_get_subject_name(x509);
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0),
       "a name");
  must(X509_set_issuer_name(x509, name), "an issuer");
  add_extension(x509, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
  must(X509_sign(x509, key.get(), EVP_sha256()), "a signature");

  Identity identity;
  const BioPtr certificate_text{must(BIO_new(BIO_s_mem()), "memory")};
  must(PEM_write_bio_X509(certificate_text.get(), x509), "a certificate");
  identity.certificate = text_of(certificate_text.get());
  const BioPtr key_text{must(BIO_new(BIO_s_mem()), "memory")};
  must(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr),
       "a key");
  identity.key = text_of(key_text.get());
  make_ticket_keys(identity);
  return identity;
}

Identity read_identity(const std::string& certificate, const std::string& key) {
  Identity identity{read_whole(certificate), read_whole(key), {}};
  make_ticket_keys(identity);
  // Refused here, and not by each worker.
  static_cast<void>(Context::for_server(identity, false));
  return identity;
}

}  // namespace urb::tls
