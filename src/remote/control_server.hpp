// The control socket of `serve`: a few connections in the loop of the process that has started the
// server. Nothing of it runs in the server's own processes, and nothing at all while nobody asks.
#pragma once

#include <poll.h>

#include <functional>
#include <list>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"
#include "remote/control_conversation.hpp"
#include "remote/control_token.hpp"

namespace urb {

class ControlServer {
 public:
  /// Connections at once. A new one takes the place of the one that has gone longest without
  /// showing the token.
  static constexpr std::size_t kConnectionsMax = 32;
  /// For the first whole line, and for answers that the peer does not take: a guess, long for any
  /// network.
  static constexpr Nanos kPatience = std::chrono::seconds{5};
  /// Makes what carries out the orders of one conversation.
  using MakeCarry = std::function<ControlConversation::Carry()>;

  /// Listens. The file of a Unix socket is for this user alone. Throws SysError.
  ControlServer(const Address& address, ControlToken token, MakeCarry make_carry);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  ~ControlServer();

  /// The port is the real one when the address said 0.
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  /// What poll(2) has to wait for.
  void add_to(std::vector<pollfd>& waiting) const;
  /// `ready` are those of add_to(), after poll(2).
  void handle(std::span<const pollfd> ready, Nanos now);
  /// When handle() has something to do without any of them.
  [[nodiscard]] Nanos next_deadline() const noexcept;

 private:
  struct Connection {
    Fd socket;
    ControlConversation conversation;
    std::string out = {};  // not sent yet
    Nanos deadline = kNever;
    bool has_ended = false;   // for us: what still comes is dropped, until the peer ends too
    std::size_t dropped = 0;  // bytes
    bool is_done = false;     // to be closed now
  };

  void accept_all(Nanos now);
  void make_room();
  void read_from(Connection& connection, Nanos now);
  void send_to(Connection& connection, Nanos now);
  void finish(Connection& connection, Nanos now);

  ControlToken token_;
  MakeCarry make_carry_;
  Address address_;
  Fd listener_;
  Nanos accept_again_at_{0};           // after a refusal, for want of descriptors
  std::list<Connection> connections_;  // the longest here first
};

}  // namespace urb
