// What a connection costs before and after its requests. The client's side is in it: connect(2) and
// close(2), blocking, whose work the kernel does on the spot.
#include <sys/socket.h>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "micro/micro.hpp"
#include "micro/rings.hpp"
#include "net/acceptor.hpp"

namespace urb {
namespace {

constexpr std::uint8_t kAcceptor = 1;
constexpr std::uint8_t kClose = 2;

class AcceptClose : public MicroWork {
 public:
  AcceptClose() { acceptor_.start(); }
  ~AcceptClose() override { acceptor_.begin_stop(); }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) {
      Fd client{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
      // A reset on close: else each connection would keep its port for a minute (TIME_WAIT), and
      // the ports would end after some 28,000 of them.
      const linger reset{1, 0};
      check(setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset),
            "setsockopt SO_LINGER");
      check(connect(client.get(), address_.raw(), address_.raw_bytes()), "connect");
      Socket accepted = acceptor_.on_completion(await_one(ring_, "ACCEPT"));
      client.close();
      accepted.prep_close(ring_.sqe({kClose, 0, 0, 0}));
      await_one(ring_, "CLOSE");
    }
  }
  [[nodiscard]] RingCounters counters() const noexcept override { return ring_.counters(); }

 private:
  Counters counters_;
  Fd listener_ = make_listener(Address::loopback(0), false);
  Address address_ = Address::of_socket(listener_.get());
  Ring ring_{kMicroRing};
  Acceptor acceptor_{ring_, kAcceptor, listener_.get(), 0, counters_};
};

}  // namespace

std::unique_ptr<MicroWork> make_accept_close() { return std::make_unique<AcceptClose>(); }

}  // namespace urb
