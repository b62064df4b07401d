// A build without OpenSSL: everything says what is missing, and no connection is ever made.
#include "base/assert.hpp"
#include "base/error.hpp"
#include "tls/kernel.hpp"
#include "tls/tls.hpp"

namespace urb::tls {

struct Context::Tickets {};
struct Connection::Ends {
  std::vector<std::byte> output;
};

std::string library() { return {}; }
void require_library() {
  throw Unsupported(
      "this build has no TLS: install OpenSSL's headers (Debian: libssl-dev), then "
      "meson setup --reconfigure -Dtls=enabled");
}

Identity make_throwaway_identity() {
  require_library();
  return {};
}
Identity read_identity(const std::string&, const std::string&) { return make_throwaway_identity(); }

Context::Context() { require_library(); }
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;
Context Context::for_server(const Identity&, bool) { return Context{}; }
Context Context::for_kernel(const Identity&, bool) { return Context{}; }
Context Context::for_client(bool) { return Context{}; }

// Without a context there is none of these.
Connection::Connection(Context&, const std::string&) noexcept { URB_ASSERT(false); }
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;
std::size_t Connection::receive(std::span<const std::byte>, std::span<std::byte>) noexcept {
  return 0;
}
void Connection::send(std::span<const std::byte>) noexcept {}
void Connection::end() noexcept {}
std::vector<std::byte>& Connection::output() noexcept { return ends_->output; }
bool Connection::is_resumed() const noexcept { return false; }
std::string_view Connection::version() const noexcept { return {}; }

bool kernel_takes_tls13() noexcept { return false; }
std::string find_library_obstacle() { return "this build has no TLS"; }
KernelHandshake::KernelHandshake(Context&, int) noexcept { URB_ASSERT(false); }
KernelHandshake::KernelHandshake(KernelHandshake&&) noexcept = default;
KernelHandshake& KernelHandshake::operator=(KernelHandshake&&) noexcept = default;
KernelHandshake::~KernelHandshake() = default;
KernelHandshake::Step KernelHandshake::advance() noexcept { return Step::failed; }
bool KernelHandshake::is_offloaded() const noexcept { return false; }
bool KernelHandshake::is_resumed() const noexcept { return false; }

}  // namespace urb::tls
