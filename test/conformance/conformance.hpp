// What all conformance cases share: the server under test as the environment chooses it, and the
// judgement of its answers.
//
// URB_MODE, URB_BUFFERS, URB_RELAY and URB_POLICY name the mode, the kind of buffers, the data path
// and the policy. With URB_TLS, worker, sni or ktls, server and clients do TLS. When this kernel
// cannot run that server at all, the program exits with 77.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mode/mode.hpp"
#include "server/server.hpp"
#include "support/deadline.hpp"
#include "support/process.hpp"
#include "support/tcp_client.hpp"

namespace urb::test {

/// The configuration under test, on a free port, with deadlines that no case of its own meets.
[[nodiscard]] ServerConfig configured_server();
[[nodiscard]] const Mode& mode_under_test();
/// Whether its master reads heads, and so can answer. Of what TLS seals it reads none.
[[nodiscard]] bool reads_heads();
/// Starts a server; exits with 77 where it is unsupported.
[[nodiscard]] std::unique_ptr<Server> start_server(const ServerConfig& config);
[[nodiscard]] std::vector<ProcessWatch> watch_processes(const Server& server);

/// Requests that the workers have answered with a 200, all together.
[[nodiscard]] std::uint64_t served_requests(const Server& server);

/// The text of the request's head, ended by the empty line. `fields` are lines ending in CRLF.
[[nodiscard]] std::string make_head(std::string_view method, std::string_view target,
                                    std::string_view fields = "");
/// A POST with `body` and its Content-Length; `fields` come first.
[[nodiscard]] std::string make_post(std::string_view body, std::string_view fields = "");
/// Not compressible, not repeating, the same for the same seed.
[[nodiscard]] std::string random_text(std::size_t bytes, std::uint64_t seed);
[[nodiscard]] std::uint32_t checksum(std::string_view text);

/// Checks that `response` is the 200 of this server for a request body of `body_bytes`: the JSON
/// object to the letter, the worker's number and process. Returns the worker's index.
unsigned check_receipt(const Server& server, const Response& response, std::uint64_t body_bytes,
                       std::optional<std::uint32_t> crc = {});
/// Checks that `response` is a 200 with the body that ?size=N asks for. Prints no such body.
void check_filler(const Response& response, std::size_t bytes);
/// Checks that `client` gets an error response of `status` and the end of the connection.
void check_refused(TcpClient& client, int status);
/// Checks that a new connection is served, and cleanly ended when it asks for that.
void check_healthy(const Server& server);
/// Checks that no process of `server` holds a client's socket any more, all clients being gone.
void check_no_sockets_left(const Server& server);

/// One server for all cases that do not need one of their own. Each case leaves it healthy and
/// without connections, which the destructor checks.
class SharedServer {
 public:
  SharedServer();
  SharedServer(const SharedServer&) = delete;
  SharedServer& operator=(const SharedServer&) = delete;
  ~SharedServer();

 protected:
  [[nodiscard]] TcpClient connect() const { return TcpClient{server.address()}; }
  Server& server;
};

}  // namespace urb::test
