// OpenSSL on a blocking socket; what is sent goes past it.
#include "support/ktls_client.hpp"

#include <linux/tls.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "base/error.hpp"
#include "support/deadline.hpp"

namespace urb::test {
namespace {

constexpr std::size_t kRecordMax = 16 * 1024;

Fd connect_to(const Address& server) {
  Fd fd{Adopt{}, check(socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const int on = 1;
  check(setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt TCP_NODELAY");
  const timeval patience{std::chrono::ceil<std::chrono::seconds>(kPatience).count(), 0};
  check(setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  check(connect(fd.get(), server.raw(), server.raw_bytes()), "connect");
  return fd;
}

}  // namespace

KtlsClient::KtlsClient(const Address& server, Version version, const Ticket& ticket)
    : context_{SSL_CTX_new(TLS_client_method()), SSL_CTX_free},
      socket_{connect_to(server)},
      ssl_{nullptr, SSL_free} {
  const int number = version == Version::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(context_.get(), number);
  SSL_CTX_set_max_proto_version(context_.get(), number);
  SSL_CTX_set_options(context_.get(), SSL_OP_ENABLE_KTLS);
  ssl_.reset(SSL_new(context_.get()));
  if (ticket) SSL_set_session(ssl_.get(), ticket.get());
  SSL_set_fd(ssl_.get(), socket_.get());
  if (SSL_connect(ssl_.get()) != 1) throw std::runtime_error("no handshake");
  if (!BIO_get_ktls_send(SSL_get_wbio(ssl_.get()))) {
    throw std::runtime_error("the client's kernel seals nothing");
  }
}

// Without an end that was told, the library would not take its ticket again.
KtlsClient::~KtlsClient() { SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN); }

void KtlsClient::send_record(unsigned char type, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kRecordMax);
    iovec part{const_cast<char*>(piece.data()), piece.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof type)> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_TLS;
    header->cmsg_type = TLS_SET_RECORD_TYPE;
    header->cmsg_len = CMSG_LEN(sizeof type);
    std::memcpy(CMSG_DATA(header), &type, sizeof type);
    const ssize_t sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0) throw_errno("sendmsg of a record");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void KtlsClient::end_tcp() { check(shutdown(socket_.get(), SHUT_WR), "shutdown"); }

KtlsClient::End KtlsClient::read_to_end() {
  End end{};
  std::array<char, kRecordMax> memory;
  while (true) {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), memory.data(), memory.size());
    if (count > 0) {
      end.text.append(memory.data(), static_cast<std::size_t>(count));
      continue;
    }
    end.is_clean = SSL_get_error(ssl_.get(), count) == SSL_ERROR_ZERO_RETURN;
    const int reason = ERR_GET_REASON(ERR_peek_error());
    if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
      end.alert = reason - SSL_AD_REASON_OFFSET;
    }
    return end;
  }
}

std::string KtlsClient::read_until(std::string_view end) {
  std::string text;
  std::array<char, kRecordMax> memory;
  while (text.find(end) == std::string::npos) {
    const int count = SSL_read(ssl_.get(), memory.data(), memory.size());
    if (count <= 0) throw std::runtime_error("the connection ended behind: " + text);
    text.append(memory.data(), static_cast<std::size_t>(count));
  }
  return text;
}

bool KtlsClient::is_resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

Ticket KtlsClient::ticket() const { return {SSL_get1_session(ssl_.get()), SSL_SESSION_free}; }

}  // namespace urb::test
