// A server that does what a test's script says, right or wrong, with blocking calls in threads.
// Not the project's server: the generator must hold up against servers that we would not write.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "http/body_digest.hpp"
#include "load/generator.hpp"
#include "tls/tls.hpp"

namespace urb::test {

/// The server's end of one connection, as a script sees it.
class Peer {
 public:
  /// With `tls` through TLS, as its server.
  Peer(int socket, unsigned index, tls::Context* tls = nullptr);
  /// Of the connection: 0 is the first that was accepted.
  [[nodiscard]] unsigned index() const noexcept { return index_; }
  /// Reads a head and the body that its Content-Length announces. False at the end of the stream.
  [[nodiscard]] bool read_request();
  /// Reads a head only.
  [[nodiscard]] bool read_head();
  /// Reads the body that the last head announced.
  [[nodiscard]] bool read_body();
  /// Of the last request read.
  [[nodiscard]] const std::string& head() const noexcept { return head_; }
  /// CRC-32C and digest of the body that read_request() read, and its first bytes.
  [[nodiscard]] std::uint32_t body_crc32c() const noexcept { return body_crc32c_; }
  [[nodiscard]] std::uint32_t body_digest() const noexcept { return body_digest_.value(); }
  [[nodiscard]] const std::string& body_begin() const noexcept { return body_begin_; }
  void write(std::string_view text);
  /// Reads until the client closes.
  void read_to_end();
  /// Ends both directions, before the script does.
  void shut_down();
  /// Lets the close be a reset.
  void reset_on_close();
  /// With TLS: the client has said that nothing follows (close_notify).
  [[nodiscard]] bool has_clean_end() const noexcept {
    return tls_ && tls_->state() == tls::State::ended;
  }

 private:
  [[nodiscard]] bool read_some();
  void send_all(std::string_view bytes) const;
  void send_output();
  int socket_;
  std::optional<tls::Connection> tls_;
  unsigned index_;
  std::string head_;
  std::string body_begin_;
  std::uint32_t body_crc32c_ = 0;
  http::BodyDigest body_digest_;
  std::string unread_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;
  /// Listens on a free port; runs `script` for each connection and then closes it. `tls` outlives
  /// the server.
  explicit ScriptedServer(Script script, tls::Context* tls = nullptr);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  /// Ends the scripts that still run by shutting their connections down.
  ~ScriptedServer();

  [[nodiscard]] const Address& address() const noexcept { return address_; }
  [[nodiscard]] unsigned connection_count() const noexcept { return connection_count_; }

 private:
  void accept_loop();
  void serve(int socket, unsigned index);

  Script script_;
  tls::Context* tls_;
  Fd listener_;
  Address address_;
  std::atomic<unsigned> connection_count_{0};
  std::atomic<bool> is_ending_{false};
  std::mutex mutex_;
  std::vector<int> open_;  ///< guarded by mutex_; so that ending can reach them
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

/// A load on `server` by two connections; what it asks for and how long is the caller's to say.
[[nodiscard]] LoadOptions load_on(const Address& server);
/// Runs a load to its end.
[[nodiscard]] LoadResult run(const LoadOptions& options, const LoadHooks& hooks = {});

/// A whole response with a Content-Length that is right.
[[nodiscard]] std::string make_response(std::string_view body, std::string_view fields = "",
                                        unsigned status = 200);

}  // namespace urb::test
