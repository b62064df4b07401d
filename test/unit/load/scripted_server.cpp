// The other end of the load generator's tests: a server that follows a script.
#include "unit/load/scripted_server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/crc32c.hpp"
#include "base/error.hpp"

namespace urb::test {
namespace {

// No test waits for it; it only keeps a wrong one from hanging.
constexpr timeval kReceiveTimeout{20, 0};

}  // namespace

Peer::Peer(int socket, unsigned index, tls::Context* tls) : socket_{socket}, index_{index} {
  if (tls != nullptr) tls_.emplace(*tls);
}

bool Peer::read_some() {
  std::array<char, 65536> chunk;
  const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  const std::string_view bytes{chunk.data(), static_cast<std::size_t>(got)};
  if (!tls_) {
    unread_.append(bytes);
    return true;
  }
  std::vector<std::byte> plain(bytes.size() + tls::kHeldMax);
  const std::size_t count = tls_->receive(std::as_bytes(std::span{bytes}), plain);
  unread_.append(reinterpret_cast<const char*>(plain.data()), count);
  send_output();
  return true;
}

bool Peer::read_head() {
  std::size_t end = std::string::npos;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_some()) return false;
  }
  head_ = unread_.substr(0, end + 4);
  unread_.erase(0, end + 4);
  return true;
}

bool Peer::read_request() { return read_head() && read_body(); }

bool Peer::read_body() {
  body_crc32c_ = 0;
  body_digest_.reset();
  body_begin_.clear();
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t at = head_.find(kLength);
  if (at == std::string::npos) return true;
  std::size_t left = std::strtoull(head_.c_str() + at + kLength.size(), nullptr, 10);
  while (true) {
    const std::size_t got = std::min(left, unread_.size());
    const std::string_view piece{unread_.data(), got};
    body_crc32c_ = crc32c(body_crc32c_, std::as_bytes(std::span{piece}));
    body_digest_.add(std::as_bytes(std::span{piece}));
    if (body_begin_.size() < 64) body_begin_ += piece.substr(0, 64 - body_begin_.size());
    unread_.erase(0, got);
    left -= got;
    if (left == 0) return true;
    if (!read_some()) return false;
  }
}

void Peer::write(std::string_view text) {
  if (!tls_) return send_all(text);
  tls_->send(std::as_bytes(std::span{text}));
  send_output();
}

void Peer::send_output() {
  const std::vector<std::byte> output = std::exchange(tls_->output(), {});
  send_all({reinterpret_cast<const char*>(output.data()), output.size()});
}

void Peer::send_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client is gone, which the test sees elsewhere
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Peer::read_to_end() {
  while (read_some()) unread_.clear();
}

void Peer::shut_down() { ::shutdown(socket_, SHUT_RDWR); }

void Peer::reset_on_close() {
  const linger now{1, 0};
  check(setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now), "setsockopt");
}

ScriptedServer::ScriptedServer(Script script, tls::Context* tls)
    : script_{std::move(script)},
      tls_{tls},
      listener_{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")} {
  const Address any = Address::loopback(0);
  check(::bind(listener_.get(), any.raw(), any.raw_bytes()), "bind");
  check(::listen(listener_.get(), 128), "listen");
  address_ = Address::of_socket(listener_.get());
  accepting_ = std::thread{[this] { accept_loop(); }};
}

ScriptedServer::~ScriptedServer() {
  is_ending_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  {
    const std::lock_guard lock{mutex_};
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : serving_) thread.join();
}

void ScriptedServer::accept_loop() {
  while (!is_ending_) {
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kReceiveTimeout, sizeof kReceiveTimeout);
    const unsigned index = connection_count_++;
    {
      const std::lock_guard lock{mutex_};
      open_.push_back(socket);
    }
    serving_.emplace_back([this, socket, index] { serve(socket, index); });
  }
}

void ScriptedServer::serve(int socket, unsigned index) {
  Peer peer{socket, index, tls_};
  script_(peer);
  const std::lock_guard lock{mutex_};
  std::erase(open_, socket);
  ::close(socket);
}

LoadOptions load_on(const Address& server) {
  LoadOptions options;
  options.target = server;
  options.host = "localhost";
  options.connections = 2;
  return options;
}

LoadResult run(const LoadOptions& options, const LoadHooks& hooks) {
  const std::atomic<bool> stop{false};
  return run_load(options, hooks, stop);
}

std::string make_response(std::string_view body, std::string_view fields, unsigned status) {
  return fmt::format("HTTP/1.1 {} Text\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                     fields, body);
}

}  // namespace urb::test
