// Sending, receiving, and the reading of responses.
#include "support/tcp_client.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "support/socket_table.hpp"

namespace urb::test {
namespace {

void wait_for(int fd, short events, const char* what) {
  pollfd ready{fd, events, 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(kPatience).count();
  const int count = poll(&ready, 1, static_cast<int>(ms));
  if (count == 0) throw ClientTimeout(std::string{"timed out: "} + what);
  check(count, "poll");
}

bool is_end_of_connection(int error) {
  return error == ECONNRESET || error == EPIPE || error == ENOTCONN;
}

std::optional<tls::Context> tls_of_clients;

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::size_t to_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ClientError("not a number: " + std::string{text});
  }
  return number;
}

// `head` ends before the empty line.
Response parse_head(std::string_view head) {
  Response response;
  const std::size_t line_end = std::min(head.find("\r\n"), head.size());
  const std::string_view line = head.substr(0, line_end);
  if (line.size() < 13 || line.substr(0, 9) != "HTTP/1.1 " || line[12] != ' ') {
    throw ClientError("bad status line: " + std::string{line});
  }
  response.status = static_cast<int>(to_number(line.substr(9, 3)));
  std::size_t at = line_end;
  while (at < head.size()) {
    at += 2;
    const std::size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string_view field = head.substr(at, end - at);
    const std::size_t colon = field.find(": ");
    if (colon == std::string_view::npos || colon == 0) {
      throw ClientError("bad header line: " + std::string{field});
    }
    if (!response.headers.emplace(lower(field.substr(0, colon)), field.substr(colon + 2)).second) {
      throw ClientError("header sent twice: " + std::string{field});
    }
    at = end;
  }
  return response;
}

}  // namespace

std::string Response::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string{} : found->second;
}

void TcpClient::use_tls() { tls_of_clients = tls::Context::for_client(false); }

TcpClient::TcpClient(const Address& server) : TcpClient{server, 0} {}

TcpClient::TcpClient(const Address& server, int receive_buffer_bytes)
    : TcpClient{server, receive_buffer_bytes, Handshake{}} {}

TcpClient::TcpClient(const Address& server, Raw) : TcpClient{server, 0, std::nullopt} {}

TcpClient::TcpClient(const Address& server, const Handshake& handshake)
    : TcpClient{server, 0, std::optional{handshake}} {}

TcpClient::TcpClient(const Address& server, int receive_buffer_bytes,
                     const std::optional<Handshake>& handshake)
    : socket_{Adopt{}, check(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")},
      server_{server} {
  const int on = 1;
  check(setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt TCP_NODELAY");
  if (receive_buffer_bytes != 0) {
    check(
        setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes),
        "setsockopt SO_RCVBUF");
  }
  check(connect(fd(), server.raw(), server.raw_bytes()), "connect");
  local_ = Address::of_socket(fd());
  if (tls_of_clients && handshake) shake_hands(*handshake);
}

// A peer that ends the connection meanwhile is noticed by what is tried next.
void TcpClient::shake_hands(const Handshake& handshake) {
  tls_.emplace(*tls_of_clients, handshake.name);
  std::vector<std::byte>& hello = tls_->output();
  if (const auto first = static_cast<std::ptrdiff_t>(handshake.first_bytes); first != 0) {
    static_cast<void>(
        send_raw({reinterpret_cast<const char*>(hello.data()), handshake.first_bytes}));
    hello.erase(hello.begin(), hello.begin() + first);
    pollfd nothing{fd(), POLLIN, 0};
    check(poll(&nothing, 1, 2), "poll");  // so long the peer may have seen it
  }
  if (!send_output() || !handshake.waits) return;
  while (is_handshaking() && receive_more()) {
  }
}

// Of a peer that has ended the connection meanwhile the next receive tells.
void TcpClient::go_on_with_handshake() {
  static_cast<void>(send_output());
  if (tls_->state() != tls::State::established || early_.empty()) return;
  static_cast<void>(try_send(std::exchange(early_, {})));
}

bool TcpClient::send_output() {
  std::vector<std::byte> output;
  output.swap(tls_->output());
  if (!output.empty() && std::exchange(spoils_next_, false)) output.back() ^= std::byte{1};
  return send_raw({reinterpret_cast<const char*>(output.data()), output.size()});
}

bool TcpClient::try_send(std::string_view bytes) {
  if (!tls_) return send_raw(bytes);
  if (is_handshaking()) {
    early_ += bytes;
    return true;
  }
  if (tls_->state() != tls::State::established) return false;
  tls_->send(std::as_bytes(std::span{bytes}));
  return send_output();
}

void TcpClient::send_in_pieces(std::string_view bytes, std::size_t piece) {
  std::string all{bytes};
  if (tls_) {
    tls_->send(std::as_bytes(std::span{bytes}));
    std::vector<std::byte> output;
    output.swap(tls_->output());
    all.assign(reinterpret_cast<const char*>(output.data()), output.size());
  }
  for (std::size_t at = 0; at < all.size(); at += piece) {
    if (!send_raw(std::string_view{all}.substr(at, piece))) {
      throw ClientError("the peer ended the connection before all was sent");
    }
    std::this_thread::yield();
  }
}

bool TcpClient::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      sent_bytes_ += static_cast<std::uint64_t>(sent);
    } else if (errno == EAGAIN) {
      wait_for(fd(), POLLOUT, "the peer does not read");
    } else if (is_end_of_connection(errno)) {
      return false;
    } else {
      throw_errno("send");
    }
  }
  return true;
}

void TcpClient::send(std::string_view bytes) {
  if (!try_send(bytes)) throw ClientError("the peer ended the connection before all was sent");
}

void TcpClient::send_and_let_read(std::string_view bytes) {
  send(bytes);
  const bool was_read = wait_until(
      [this] { return bytes_read(server_, local_).value_or(sent_bytes_) == sent_bytes_; });
  if (!was_read) throw ClientTimeout("timed out: the peer does not read");
}

void TcpClient::end_sending() {
  if (tls_) {
    tls_->end();
    static_cast<void>(send_output());
  }
  check(shutdown(fd(), SHUT_WR), "shutdown");
}

void TcpClient::reset() {
  const linger hard{1, 0};
  check(setsockopt(fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard), "setsockopt SO_LINGER");
  socket_.close();
}

bool TcpClient::receive_more() {
  for (;;) {
    wait_for(fd(), POLLIN, "nothing more is received");
    std::array<char, 256 * 1024> memory;
    const ssize_t size = recv(fd(), memory.data(), memory.size(), MSG_DONTWAIT);
    if (size > 0 && tls_) {
      std::vector<std::byte> plain(static_cast<std::size_t>(size) + tls::kHeldMax);
      const bool was_handshaking = is_handshaking();
      const std::size_t count = tls_->receive(
          std::as_bytes(std::span{memory}.first(static_cast<std::size_t>(size))), plain);
      received_.append(reinterpret_cast<const char*>(plain.data()), count);
      if (was_handshaking) go_on_with_handshake();
      if (count != 0 || was_handshaking) return true;
      continue;
    }
    if (size > 0) {
      received_.append(memory.data(), static_cast<std::size_t>(size));
      return true;
    }
    if (size == 0) return false;
    if (errno == EAGAIN || errno == EINTR) continue;
    if (is_end_of_connection(errno)) {
      was_reset_ = true;
      return false;
    }
    throw_errno("recv");
  }
}

std::string TcpClient::take(std::size_t bytes) {
  std::string taken = received_.substr(0, bytes);
  received_.erase(0, bytes);
  return taken;
}

Response TcpClient::read_response(bool to_head) {
  std::size_t head_end = 0;
  while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more()) throw ClientError("the connection ended within a head: " + received_);
  }
  const std::string head = take(head_end + 4);
  Response response = parse_head(std::string_view{head}.substr(0, head_end));
  if (response.status < 200) return response;
  if (response.header("date").size() != 29) throw ClientError("no valid Date: " + head);
  if (response.header("content-length").empty()) throw ClientError("no Content-Length: " + head);
  if (to_head) return response;
  const std::size_t body_bytes = to_number(response.header("content-length"));
  while (received_.size() < body_bytes) {
    if (!receive_more()) {
      throw ClientError("the connection ended within a body: " + std::to_string(received_.size()) +
                        " of " + std::to_string(body_bytes) + " bytes");
    }
  }
  response.body = take(body_bytes);
  return response;
}

std::vector<Response> TcpClient::read_to_end() {
  while (receive_more()) {
  }
  std::vector<Response> all;
  while (!received_.empty()) {
    const std::size_t head_end = received_.find("\r\n\r\n");
    const std::string_view rest =
        head_end == std::string::npos ? "" : std::string_view{received_}.substr(head_end + 4);
    all.push_back(read_response(rest.empty() || rest.starts_with("HTTP/1.1 ")));
  }
  return all;
}

bool TcpClient::is_closed_by_peer() { return received_.empty() && !receive_more(); }

bool TcpClient::has_input(Nanos patience) {
  const Nanos deadline = monotonic_now() + patience;
  while (received_.empty()) {
    pollfd ready{fd(), POLLIN, 0};
    const Nanos left = std::max(deadline - monotonic_now(), Nanos{0});
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (check(poll(&ready, 1, static_cast<int>(ms)), "poll") == 0) return false;
    // What a handshake brings is no input, but its end is.
    if (!is_handshaking() || !receive_more()) return true;
  }
  return true;
}

}  // namespace urb::test
