// TLS as a machine of bytes: what comes from the peer goes in, and comes out as plaintext; what is
// to be sent goes in, and comes out sealed. It knows no socket and no ring. Whoever moves the bytes
// owns both. Behind it stands OpenSSL, or nothing, where the build has none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace urb::tls {

/// Name and version of the library that this build has; empty where it has none.
[[nodiscard]] std::string library();
/// Throws Unsupported, with the remedy, where this build has no library.
void require_library();

/// Who a server is, as PEM text, and the secret that its processes seal tickets with.
struct Identity {
  std::string certificate;  ///< with the chain behind it
  std::string key;
  std::array<unsigned char, 80> ticket_keys{};
};
/// A certificate for localhost, of a fresh key (P-256), valid for a day from yesterday on. It is
/// signed by itself and stands in no file. Throws Unsupported.
[[nodiscard]] Identity make_throwaway_identity();
/// From PEM files. Throws SysError for a file that cannot be read, and UsageError where certificate
/// and key do not belong together. Throws Unsupported.
[[nodiscard]] Identity read_identity(const std::string& certificate, const std::string& key);

/// What all connections of one side have in common. TLS 1.2 and 1.3 without renegotiation, without
/// early data. The server takes AES-128-GCM alone, so that two runs have the same cipher.
class Context {
 public:
  /// `resumes`: clients get a ticket each. Otherwise each handshake is a whole one. Throws
  /// Unsupported, UsageError.
  [[nodiscard]] static Context for_server(const Identity& identity, bool resumes);
  /// The same for handshakes on sockets whose keys the kernel gets (tls/kernel.hpp).
  [[nodiscard]] static Context for_kernel(const Identity& identity, bool resumes);
  /// The server's certificate is not checked: a benchmark is no browser. `resumes`: with the ticket
  /// of an earlier connection, where there is one. Throws Unsupported.
  [[nodiscard]] static Context for_client(bool resumes);

  Context(Context&& other) noexcept;
  Context& operator=(Context&& other) noexcept;
  ~Context();

 private:
  friend class Connection;
  friend class KernelHandshake;
  struct Tickets;
  Context();
  std::unique_ptr<Tickets> tickets_;  ///< of a client that resumes
  ssl_ctx_st* context_ = nullptr;
  bool is_server_ = false;
};

enum class State : std::uint8_t {
  handshaking,
  established,
  ended,   ///< the peer has said that nothing follows (close_notify)
  failed,  ///< the output may hold an alert that says why
};

/// The most plaintext that a connection holds back of a record that is not whole yet, in bytes.
inline constexpr std::size_t kHeldMax = 20 * 1024;

class Connection {
 public:
  /// Of `context`, which outlives it. A client's handshake begins at once, and its first flight is
  /// in the output. Without memory the state is `failed`. `server_name` may be empty; only a client
  /// sends it.
  explicit Connection(Context& context, const std::string& server_name = {}) noexcept;
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  /// Takes all of `sealed`, which came from the peer. Returns how many bytes of plaintext stand in
  /// `plain`, which has room for kHeldMax bytes more than `sealed`. There may be output behind it.
  [[nodiscard]] std::size_t receive(std::span<const std::byte> sealed,
                                    std::span<std::byte> plain) noexcept;
  /// Seals `plain` into the output. Only once established.
  void send(std::span<const std::byte> plain) noexcept;
  /// Says that nothing follows (close_notify), once; says nothing before a handshake's end.
  void end() noexcept;

  /// What has to be sent to the peer, in this order. The owner takes it away.
  [[nodiscard]] std::vector<std::byte>& output() noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  /// The handshake has been completed, whatever came behind it.
  [[nodiscard]] bool has_connected() const noexcept { return has_connected_; }
  /// It has been a short one.
  [[nodiscard]] bool is_resumed() const noexcept;
  /// "TLSv1.3", once established.
  [[nodiscard]] std::string_view version() const noexcept;
  /// Why it has failed, in the library's words; empty where it has none.
  [[nodiscard]] std::string_view failure() const noexcept { return failure_; }

 private:
  struct Ends;
  [[nodiscard]] bool shake_hands() noexcept;
  void fail() noexcept;

  std::unique_ptr<Ends> ends_;
  ssl_st* ssl_ = nullptr;
  State state_ = State::handshaking;
  bool has_connected_ = false;
  const char* failure_ = "";
};

}  // namespace urb::tls
