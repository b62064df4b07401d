// The client's completion handler, fed completions that the kernel did not post: short, cancelled,
// late, repeated. Its SQEs stay in the queue until the end, so nothing else completes.
#include "load/client.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "base/error.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

LoadOptions options_for_one_connection(int listener) {
  LoadOptions options;
  options.target = Address::of_socket(listener);
  options.connections = 1;
  options.requests = 100;
  options.body = Bytes{1000};
  return options;
}

Fd make_listener() {
  Fd listener{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const Address any = Address::loopback(0);
  check(::bind(listener.get(), any.raw(), any.raw_bytes()), "bind");
  check(::listen(listener.get(), 16), "listen");
  return listener;
}

struct FedClient {
  Fd listener = make_listener();
  LoadOptions options = options_for_one_connection(listener.get());
  RequestSet requests{options};
  Plan plan{PlanOptions{Nanos{0}, Nanos{0}, options.requests}};
  LoadResult result;
  LoadHooks hooks;
  std::atomic<bool> stop{false};
  Ring ring;
  Client client{ring, options, requests, plan, result, hooks, stop};

  FedClient() { client.start(); }
  FedClient(const FedClient&) = delete;
  FedClient& operator=(const FedClient&) = delete;
  ~FedClient() { ring.drain(); }

  void feed(Client::Op op, int value, std::uint16_t generation = 1, std::uint32_t slot = 0) {
    Completion done;
    done.token = {Client::kOwner, static_cast<std::uint8_t>(op), generation, slot};
    done.result = value;
    client.on_completion(done);
  }
  /// SQEs queued since the last call.
  std::uint64_t queued() {
    const std::uint64_t before = std::exchange(seen_sqe_count, ring.counters().sqe_count);
    return seen_sqe_count - before;
  }
  std::uint64_t seen_sqe_count = 0;
};

}  // namespace

TEST_CASE("a connect that succeeded queues a send and a receive, a short send only the rest") {
  FedClient fed;
  CHECK(fed.queued() == 1);
  fed.feed(Client::Op::connect, 0);
  CHECK(fed.queued() == 2);
  fed.feed(Client::Op::send, 10);
  CHECK(fed.queued() == 1);
  fed.feed(Client::Op::send, static_cast<int>(fed.requests.next().image.total_bytes()) - 10);
  CHECK(fed.queued() == 0);
  CHECK(fed.result.errors.total() == 0);
}

TEST_CASE("a refused connect waits before the next one") {
  FedClient fed;
  CHECK(fed.queued() == 1);
  fed.feed(Client::Op::connect, -ECONNREFUSED);
  CHECK(fed.result.errors.connect == 1);
  CHECK(fed.queued() == 0);
  const Nanos deadline = fed.client.next_deadline();
  CHECK(deadline != kNever);
  fed.client.on_deadline(deadline + std::chrono::seconds{1});
  CHECK(fed.queued() == 1);
}

TEST_CASE("a failed send leaves the verdict to the receive") {
  FedClient fed;
  fed.feed(Client::Op::connect, 0);
  fed.feed(Client::Op::send, -EPIPE);
  CHECK(fed.result.errors.total() == 0);
  fed.feed(Client::Op::receive, 0);
  CHECK(fed.result.errors.io == 1);
  CHECK(fed.result.first_error == "send: Broken pipe");
}

TEST_CASE("a failed request's connection is closed only when nothing of it is in flight") {
  FedClient fed;
  fed.feed(Client::Op::connect, 0);
  CHECK(fed.queued() == 3);
  fed.feed(Client::Op::receive, -ECONNRESET);
  CHECK(fed.result.errors.io == 1);
  CHECK(fed.queued() == 1);  // the cancel; the send is still out
  CHECK(fed.result.connections == 1);
  fed.feed(Client::Op::send, -ECANCELED);
  CHECK(fed.queued() == 1);  // the next connect
  CHECK(fed.result.connections == 1);
  fed.feed(Client::Op::connect, 0, 2);
  CHECK(fed.result.connections == 2);  // that carried a request
  CHECK(fed.result.errors.total() == 1);
}

TEST_CASE("a cancel that finds nothing, and completions in any order, come to the same") {
  FedClient fed;
  fed.feed(Client::Op::connect, 0);
  fed.feed(Client::Op::receive, -ECONNRESET);
  CHECK(fed.result.connections == 1);
  fed.feed(Client::Op::send, static_cast<int>(fed.requests.next().image.total_bytes()));
  fed.feed(Client::Op::connect, 0, 2);
  CHECK(fed.result.connections == 2);
  CHECK(fed.client.late_completion_count() == 0);
}

TEST_CASE("a late completion touches nobody and is counted") {
  FedClient fed;
  fed.feed(Client::Op::connect, 0);
  CHECK(fed.queued() == 3);
  fed.feed(Client::Op::receive, 100, 0);      // an older socket of the slot
  fed.feed(Client::Op::receive, 100, 1, 17);  // no such slot
  fed.feed(Client::Op::connect, 0);           // the same twice
  CHECK(fed.client.late_completion_count() == 3);
  CHECK(fed.queued() == 0);
  CHECK(fed.result.errors.total() == 0);
}

TEST_CASE("what the client did not run of the window is known, be it in its middle") {
  FedClient fed;
  const Nanos begin = monotonic_now();
  fed.client.on_batch_end(begin + std::chrono::milliseconds{200});  // a busy machine
  fed.client.on_batch_end(begin + std::chrono::milliseconds{2000});
  fed.client.on_batch_end(begin + std::chrono::milliseconds{2050});
  fed.stop = true;
  fed.client.on_batch_end(begin + std::chrono::milliseconds{2060});
  CHECK(fed.result.stalled >= std::chrono::milliseconds{1690});
  CHECK(fed.result.stalled <= std::chrono::milliseconds{1710});
  fed.feed(Client::Op::connect, -ECANCELED);
}

TEST_CASE("stopping cancels what is in flight and is idle only after its last completion") {
  FedClient fed;
  fed.feed(Client::Op::connect, 0);
  fed.stop = true;
  fed.client.on_batch_end(monotonic_now());
  CHECK(fed.result.interrupted);
  CHECK_FALSE(fed.client.is_idle());
  fed.feed(Client::Op::send, -ECANCELED);
  CHECK_FALSE(fed.client.is_idle());
  fed.feed(Client::Op::receive, -ECANCELED);
  CHECK(fed.client.is_idle());
  CHECK(fed.result.errors.total() == 0);
  CHECK(fed.result.unfinished == 1);
}

}  // namespace urb
