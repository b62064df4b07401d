// The environment's choice, and the checks.
#include "conformance/conformance.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <random>
#include <stdexcept>

#include "base/crc32c.hpp"
#include "base/error.hpp"
#include "support/socket_table.hpp"

namespace urb::test {
namespace {

std::string_view environment(const char* name, std::string_view otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : std::string_view{value};
}

template <class Kind>
Kind choose(const char* variable, std::initializer_list<Kind> kinds) {
  const std::string_view wanted = environment(variable, name_of(*kinds.begin()));
  for (const Kind kind : kinds) {
    if (name_of(kind) == wanted) return kind;
  }
  throw std::runtime_error(std::string{variable} + " is unknown: " + std::string{wanted});
}

Server& shared_server() {
  static const std::unique_ptr<Server> server = start_server(configured_server());
  return *server;
}

}  // namespace

ServerConfig configured_server() {
  ServerConfig config;
  config.mode = environment("URB_MODE", "cluster");
  config.buffers = choose("URB_BUFFERS", {BufferKind::registered, BufferKind::provided,
                                          BufferKind::provided_inc, BufferKind::plain});
  config.relay = choose("URB_RELAY", {RelayKind::linked, RelayKind::sync, RelayKind::copy});
  if (environment("URB_TLS", "off") == "worker") {
    static const tls::Identity identity = tls::make_throwaway_identity();
    config.tls = {tls::Kind::worker, identity, false, kPatience};
  }
  if (!environment("URB_POLICY", "").empty()) {
    config.policy = choose("URB_POLICY",
                           {Policy::rr, Policy::random, Policy::least, Policy::key, Policy::hash});
  }
  config.limits = {kPatience, kPatience, kPatience, {}};
  return config;
}

const Mode& mode_under_test() {
  const Mode* const mode = find_mode(configured_server().mode);
  if (mode == nullptr) throw std::runtime_error("URB_MODE is unknown");
  return *mode;
}

std::unique_ptr<Server> start_server(const ServerConfig& config) {
  try {
    if (config.tls.kind != tls::Kind::off) TcpClient::use_tls();
    return std::make_unique<Server>(config);
  } catch (const Unsupported& cause) {
    std::fprintf(stderr, "skipped, unsupported here: %s\n", cause.what());
    std::fflush(nullptr);
    _exit(77);
  }
}

std::vector<ProcessWatch> watch_processes(const Server& server) {
  std::vector<ProcessWatch> watches;
  for (const ServerProcess& process : server.processes()) watches.emplace_back(process.pid);
  return watches;
}

std::uint64_t served_requests(const Server& server) {
  std::uint64_t count = 0;
  for (const ServerProcess& process : server.processes()) {
    if (process.role == ProcessRole::worker) count += process.counters->requests.get();
  }
  return count;
}

std::string make_head(std::string_view method, std::string_view target, std::string_view fields) {
  std::string head{method};
  head.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(fields);
  return head.append("\r\n");
}

std::string make_post(std::string_view body, std::string_view fields) {
  std::string all{fields};
  all += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return make_head("POST", "/", all).append(body);
}

std::string random_text(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::string text;
  text.reserve(bytes + sizeof(std::uint64_t));
  while (text.size() < bytes) {
    const std::uint64_t word = random();
    text.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  text.resize(bytes);
  return text;
}

std::uint32_t checksum(std::string_view text) {
  return crc32c(0, std::as_bytes(std::span{text.data(), text.size()}));
}

unsigned check_receipt(const Server& server, const Response& response, std::uint64_t body_bytes,
                       std::optional<std::uint32_t> crc) {
  REQUIRE(response.status == 200);
  const std::string worker = response.header("x-worker");
  REQUIRE(worker.size() == 1);
  const auto index = static_cast<unsigned>(worker[0] - '0');
  REQUIRE(index + 1 < server.processes().size());
  std::string expected = R"({"mode":")" + configured_server().mode + R"(","worker":)" + worker +
                         R"(,"pid":)" + std::to_string(server.processes()[1 + index].pid) +
                         R"(,"bytes":)" + std::to_string(body_bytes);
  if (crc) {
    char text[16];
    std::snprintf(text, sizeof text, "%08x", *crc);
    expected += R"(,"crc32c":")" + std::string{text} + "\"";
  }
  CHECK(response.body == expected + "}");
  CHECK(response.header("content-type") == "application/json");
  CHECK(response.header("x-body").empty() == (body_bytes == 0));
  return index;
}

void check_filler(const Response& response, std::size_t bytes) {
  CHECK(response.status == 200);
  CHECK(response.body.size() == bytes);
  const bool is_filler = response.body == std::string(bytes, 'x');
  CHECK(is_filler);
}

void check_refused(TcpClient& client, int status) {
  const Response response = client.read_response();
  CHECK(response.status == status);
  CHECK(response.header("connection") == "close");
  CHECK(client.is_closed_by_peer());
}

void check_healthy(const Server& server) {
  TcpClient client{server.address()};
  client.send(make_post("still there", "Connection: close\r\n"));
  check_receipt(server, client.read_response(), 11);
  CHECK(client.is_closed_by_peer());
}

void check_no_sockets_left(const Server& server) {
  CHECK(wait_until([&] { return connected_sockets(server.address()) == 0; }));
}

SharedServer::SharedServer() : server{shared_server()} {}

SharedServer::~SharedServer() {
  if (std::uncaught_exceptions() != 0) return;  // has failed already
  try {
    check_healthy(server);
    check_no_sockets_left(server);
  } catch (const std::exception& cause) {
    FAIL_CHECK(cause.what());
  } catch (...) {  // a REQUIRE, which has reported itself and must not leave a destructor
  }
}

}  // namespace urb::test
