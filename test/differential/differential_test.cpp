// The same bytes to a `direct` server and to a `passthru` server: both must agree on every answer,
// on every body's size and checksum, and on where the connection ends. Where they do not, a proxy
// and the server behind it read a request differently, which is what smuggling lives on.
//
// URB_DIFFERENTIAL_SEED and URB_DIFFERENTIAL_COUNT choose other sequences, or more of them.
#include <sys/socket.h>

#include <cstdlib>

#include "conformance/conformance.hpp"
#include "differential/request_generator.hpp"
#include "support/wire_outcome.hpp"

TEST_SUITE_BEGIN("differential");

namespace urb::test {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::uint64_t kCount = 5000;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::unique_ptr<Server> start(const char* mode) {
  ServerConfig config = configured_server();
  config.mode = mode;
  config.workers = 2;
  return start_server(config);
}

std::string send_and_read(const Server& server, const GeneratedInput& input) {
  TcpClient client{server.address()};
  std::size_t begin = 0;
  bool is_taken = true;
  for (std::size_t index = 0; index <= input.cuts.size() && is_taken; ++index) {
    const std::size_t end = index == input.cuts.size() ? input.bytes.size() : input.cuts[index];
    is_taken = client.try_send(std::string_view{input.bytes}.substr(begin, end - begin));
    begin = end;
  }
  // Not end_sending(): the server may have closed both ways before.
  if (is_taken) (void)shutdown(client.fd(), SHUT_WR);
  return read_outcome(client);
}

TEST_CASE("differential: a server and a proxy before it read every request alike") {
  const std::uint64_t seed = number_from("URB_DIFFERENTIAL_SEED", kSeed);
  const std::uint64_t count = number_from("URB_DIFFERENTIAL_COUNT", kCount);
  const auto direct = start("direct");
  const auto proxy = start("passthru");
  std::uint64_t served = 0;
  std::uint64_t refused = 0;
  std::uint64_t differing = 0;
  for (std::uint64_t index = 0; index < count && differing < 10; ++index) {
    const GeneratedInput input = generate_input(seed * 1'000'000'007 + index);
    const std::string by_server = send_and_read(*direct, input);
    const std::string by_proxy = send_and_read(*proxy, input);
    served += count_served(by_proxy);
    refused += by_server.ends_with("400") ? 1 : 0;
    if (by_server == by_proxy) continue;
    ++differing;
    std::string cuts;
    for (const std::size_t cut : input.cuts) cuts += std::to_string(cut) + " ";
    FAIL_CHECK("seed " << seed << ", sequence " << index << "\n  direct:   " << by_server
                       << "\n  passthru: " << by_proxy << "\n  cuts: " << cuts << "\n"
                       << escape(input.bytes));
  }
  // The generator must neither be tame nor make nothing but rubbish.
  MESSAGE(count << " sequences: " << served << " requests served, " << refused << " refused");
  CHECK(served >= count / 2);
  CHECK(refused >= count / 5);
  // Nothing has reached a worker but what its client was told of.
  CHECK(served_requests(*proxy) == served);
  check_no_sockets_left(*direct);
  check_no_sockets_left(*proxy);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
