// Addresses as users type them, and back.
#include "base/address.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

std::string again(std::string_view text) {
  const auto parsed = parse_address(text);
  if (const auto* error = std::get_if<ParseError>(&parsed)) return "error: " + error->message;
  return format_address(std::get<Address>(parsed));
}

TEST_CASE("address: IPv4, IPv6, and the short forms of loopback") {
  CHECK(again("127.0.0.1:8080") == "127.0.0.1:8080");
  CHECK(again("0.0.0.0:0") == "0.0.0.0:0");
  CHECK(again("255.255.255.255:65535") == "255.255.255.255:65535");
  CHECK(again(":8080") == "127.0.0.1:8080");
  CHECK(again("localhost:1") == "127.0.0.1:1");
  CHECK(again("[::1]:8080") == "[::1]:8080");
  CHECK(again("[2001:db8:0:0:0:0:0:1]:443") == "[2001:db8::1]:443");
}

TEST_CASE("address: the raw form has the family's own size") {
  const Address four = std::get<Address>(parse_address("127.0.0.1:80"));
  CHECK(four.family() == AF_INET);
  CHECK(four.raw_bytes() == sizeof(sockaddr_in));
  CHECK(four.raw()->sa_family == AF_INET);
  const Address six = std::get<Address>(parse_address("[::1]:80"));
  CHECK(six.family() == AF_INET6);
  CHECK(six.raw_bytes() == sizeof(sockaddr_in6));
  CHECK(six.port() == 80);
}

TEST_CASE("address: a wrong one says where it is wrong") {
  const std::vector<std::pair<std::string, std::size_t>> wrong{{"", 0},
                                                               {"8080", 4},
                                                               {"127.0.0.1", 9},
                                                               {"127.0.0.1:", 10},
                                                               {"127.0.0.1:x", 10},
                                                               {"127.0.0.1:80x", 10},
                                                               {"127.0.0.1:65536", 10},
                                                               {"127.0.0.1:-1", 10},
                                                               {"127.0.0.1:+1", 10},
                                                               {"127.0.0.1: 1", 10},
                                                               {"127.0.0:80", 0},
                                                               {"256.0.0.1:80", 0},
                                                               {"example.org:80", 0},
                                                               {"::1:80", 0},
                                                               {"[::1:80", 0},
                                                               {"[::g]:80", 1},
                                                               {"[]:80", 1},
                                                               {"[:80", 0}};
  for (const auto& [wrong_text, position] : wrong) {
    const std::string& text = wrong_text;  // a binding cannot be captured by clang 14
    CAPTURE(text);
    const auto parsed = parse_address(text);
    REQUIRE(std::holds_alternative<ParseError>(parsed));
    CHECK(std::get<ParseError>(parsed).position == position);
  }
}

TEST_CASE("address: what is nearly an address is told from what is none") {
  const auto has = [](std::string_view text, std::string_view part) {
    return again(text).find(part) != std::string::npos;
  };
  CHECK(has("::1:80", "write [::1]"));
  CHECK(has("[fe80::1%lo]:80", "a zone (%lo) is not supported"));
  CHECK(has("[fe80::1]:80", "zone"));
  CHECK(has("127.0.0.1.:80", "dot"));
  CHECK(has("m\xc3\xbcller:80", "bytes above 127"));
  CHECK(has("127.0.0.1:", "behind the colon"));
  CHECK(again("LOCALHOST.:1") == "127.0.0.1:1");
  CHECK_FALSE(is_localhost("localhos"));
  CHECK_FALSE(is_localhost("localhost.."));
  CHECK(format_address(Address::loopback_v6(9)) == "[::1]:9");
}

TEST_CASE("address: what is loopback") {
  const auto is_loopback = [](std::string_view text) {
    return std::get<Address>(parse_listen_address(text)).is_loopback();
  };
  CHECK(is_loopback("127.0.0.1:1"));
  CHECK(is_loopback("127.9.0.1:1"));
  CHECK(is_loopback("[::1]:1"));
  CHECK_FALSE(is_loopback("0.0.0.0:1"));
  CHECK_FALSE(is_loopback("[::]:1"));
  CHECK_FALSE(is_loopback("unix:/run/a.sock"));
}

TEST_CASE("address: a Unix socket's path is one for listening, and none for a URL") {
  const auto listen = [](const std::string& text) { return parse_listen_address(text); };
  const Address address = std::get<Address>(listen("unix:/run/a.sock"));
  CHECK(address.is_unix());
  CHECK(address.path() == "/run/a.sock");
  CHECK(address.port() == 0);
  CHECK(format_address(address) == "unix:/run/a.sock");
  CHECK(format_address(std::get<Address>(listen("127.0.0.1:1"))) == "127.0.0.1:1");
  CHECK_FALSE(std::get<Address>(listen(":1")).is_unix());
  CHECK(std::get<Address>(listen("unix:" + std::string(107, 'x'))).path().size() == 107);
  CHECK(std::get<ParseError>(listen("unix:" + std::string(108, 'x'))).position == 5);
  CHECK(std::get<ParseError>(listen("unix:")).position == 5);
  CHECK(std::get<ParseError>(listen("unix:@name")).message.find("abstract") != std::string::npos);
  CHECK(std::get<Address>(listen("unix:./@name")).path() == "./@name");
  CHECK(again("unix:80").starts_with("error"));
}

TEST_CASE("address: port 0 becomes the port that the kernel picked") {
  const Fd socket{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const Address any = Address::loopback(0);
  REQUIRE(bind(socket.get(), any.raw(), any.raw_bytes()) == 0);
  const Address bound = Address::of_socket(socket.get());
  CHECK(bound.port() != 0);
  CHECK(format_address(bound) == "127.0.0.1:" + std::to_string(bound.port()));
}

TEST_CASE("address: asking a closed descriptor throws the call's name and errno") {
  try {
    static_cast<void>(Address::of_socket(-1));
    FAIL("no exception");
  } catch (const SysError& error) {
    CHECK(error.call() == "getsockname");
    CHECK(error.error() == EBADF);
  }
}

TEST_CASE("address: a new port leaves the host alone") {
  Address address = std::get<Address>(parse_address("[::1]:1"));
  address.set_port(65535);
  CHECK(format_address(address) == "[::1]:65535");
}

}  // namespace
}  // namespace urb
