// One connection: OpenSSL between two ends that are memory.
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "tls/openssl.hpp"
#include "tls/tickets.hpp"
#include "tls/tls.hpp"

namespace urb::tls {

struct Connection::Ends {
  std::span<const std::byte> input;
  std::vector<std::byte> output;
};

namespace {

// OpenSSL's own memory BIO copies what comes in once more, and keeps room for the most it ever had.
template <class Ends>
Ends& ends_of(BIO* bio) noexcept {
  return *static_cast<Ends*>(BIO_get_data(bio));
}

template <class Ends>
int read_input(BIO* bio, char* into, std::size_t bytes, std::size_t* taken) {
  BIO_clear_retry_flags(bio);
  std::span<const std::byte>& input = ends_of<Ends>(bio).input;
  *taken = std::min(bytes, input.size());
  if (*taken == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, input.data(), *taken);
  input = input.subspan(*taken);
  return 1;
}

template <class Ends>
int write_output(BIO* bio, const char* bytes, std::size_t count, std::size_t* taken) {
  BIO_clear_retry_flags(bio);
  const auto* const first = reinterpret_cast<const std::byte*>(bytes);
  std::vector<std::byte>& output = ends_of<Ends>(bio).output;
  output.insert(output.end(), first, first + count);
  *taken = count;
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

template <class Ends>
const BIO_METHOD* memory_ends() noexcept {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memory");
    if (made == nullptr) return made;
    BIO_meth_set_read_ex(made, read_input<Ends>);
    BIO_meth_set_write_ex(made, write_output<Ends>);
    BIO_meth_set_ctrl(made, control);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return method;
}

}  // namespace

Connection::Connection(Context& context, const std::string& server_name) noexcept
    : ends_{std::make_unique<Ends>()}, ssl_{SSL_new(context.context_)} {
  const BIO_METHOD* const method = memory_ends<Ends>();
  BIO* const bio = ssl_ == nullptr || method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) {
    fail();
    return;
  }
  BIO_set_data(bio, ends_.get());
  SSL_set_bio(ssl_, bio, bio);
  if (context.is_server_) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  if (!server_name.empty()) SSL_set_tlsext_host_name(ssl_, server_name.c_str());
  if (context.tickets_) {
    if (const SessionPtr session = context.tickets_->take()) SSL_set_session(ssl_, session.get());
  }
  static_cast<void>(shake_hands());
}

Connection::Connection(Connection&& other) noexcept
    : ends_{std::move(other.ends_)},
      ssl_{std::exchange(other.ssl_, nullptr)},
      state_{other.state_},
      has_connected_{other.has_connected_},
      failure_{other.failure_} {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(ends_, other.ends_);
  std::swap(ssl_, other.ssl_);
  state_ = other.state_;
  has_connected_ = other.has_connected_;
  failure_ = other.failure_;
  return *this;
}

Connection::~Connection() { SSL_free(ssl_); }

std::vector<std::byte>& Connection::output() noexcept { return ends_->output; }
bool Connection::is_resumed() const noexcept { return SSL_session_reused(ssl_) == 1; }
std::string_view Connection::version() const noexcept { return SSL_get_version(ssl_); }

void Connection::fail() noexcept {
  state_ = State::failed;
  const unsigned long error = ERR_peek_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  failure_ = reason == nullptr ? "" : reason;
  ERR_clear_error();
}

bool Connection::shake_hands() noexcept {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    state_ = State::established;
    has_connected_ = true;
    return true;
  }
  if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) fail();
  return false;
}

std::size_t Connection::receive(std::span<const std::byte> sealed,
                                std::span<std::byte> plain) noexcept {
  URB_ASSERT(plain.size() >= sealed.size() + kHeldMax);
  if (state_ != State::handshaking && state_ != State::established) return 0;
  ends_->input = sealed;
  std::size_t count = 0;
  if (state_ == State::established || shake_hands()) {
    ERR_clear_error();
    while (true) {
      std::size_t more = 0;
      const int result = SSL_read_ex(ssl_, plain.data() + count, plain.size() - count, &more);
      count += more;
      if (result == 1) continue;
      const int error = SSL_get_error(ssl_, result);
      if (error == SSL_ERROR_ZERO_RETURN) state_ = State::ended;
      if (error != SSL_ERROR_ZERO_RETURN && error != SSL_ERROR_WANT_READ) fail();
      break;
    }
  }
  // Of what follows an end or a failure, nothing means anything.
  URB_ASSERT(ends_->input.empty() || state_ == State::ended || state_ == State::failed);
  ends_->input = {};
  return count;
}

void Connection::send(std::span<const std::byte> plain) noexcept {
  if (plain.empty() || state_ == State::failed) return;
  ERR_clear_error();
  std::size_t taken = 0;
  // Of an output that takes everything, all or nothing.
  if (SSL_write_ex(ssl_, plain.data(), plain.size(), &taken) != 1) return fail();
  URB_ASSERT(taken == plain.size());
}

void Connection::end() noexcept {
  if (state_ == State::handshaking || state_ == State::failed) return;
  ERR_clear_error();
  // Whether the peer has answered is no matter: the owner closes.
  static_cast<void>(SSL_shutdown(ssl_));
  ERR_clear_error();
}

}  // namespace urb::tls
