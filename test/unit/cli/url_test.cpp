// URLs that are taken apart, and those that are not taken at all.
#include "cli/url.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "base/fd.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

urb::Url parse(std::string_view text) {
  auto parsed = urb::parse_url(text);
  REQUIRE(std::holds_alternative<urb::Url>(parsed));
  return std::get<urb::Url>(std::move(parsed));
}

std::string error_of(std::string_view text) {
  const auto parsed = urb::parse_url(text);
  REQUIRE(std::holds_alternative<urb::ParseError>(parsed));
  return std::get<urb::ParseError>(parsed).message;
}

}  // namespace

TEST_CASE("url: host, port and path") {
  const urb::Url url = parse("http://127.0.0.1:8080/a/b?c=d#e");
  CHECK(format_address(url.address) == "127.0.0.1:8080");
  CHECK(url.host == "127.0.0.1:8080");
  CHECK(url.path == "/a/b?c=d");
}

TEST_CASE("url: port 80 and / when there is neither") {
  CHECK(format_address(parse("http://127.0.0.1").address) == "127.0.0.1:80");
  CHECK(parse("http://127.0.0.1").host == "127.0.0.1");
  CHECK(parse("http://127.0.0.1").path == "/");
  CHECK(parse("http://localhost:81?x").path == "/?x");
  CHECK(format_address(parse("http://localhost:81").address) == "127.0.0.1:81");
}

TEST_CASE("url: IPv6 in brackets, with and without a port") {
  CHECK(format_address(parse("http://[::1]/").address) == "[::1]:80");
  CHECK(format_address(parse("http://[::1]:8080/").address) == "[::1]:8080");
}

TEST_CASE("url: schemes and localhost are the same in capitals, and an empty port is 80") {
  CHECK(format_address(parse("HTTP://127.0.0.1:8080/").address) == "127.0.0.1:8080");
  CHECK(format_address(parse("http://LocalHost.:81/").address) == "127.0.0.1:81");
  CHECK(parse("http://LocalHost.:81/").is_localhost);
  CHECK_FALSE(parse("http://127.0.0.1:81/").is_localhost);
  CHECK(format_address(parse("http://127.0.0.1:/").address) == "127.0.0.1:80");
  CHECK(parse("http://127.0.0.1:/").host == "127.0.0.1");
  CHECK(format_address(parse("http://[::1]:").address) == "[::1]:80");
}

TEST_CASE("url: a Unix socket as serve prints it") {
  const urb::Url url = parse("unix:/run/a@b.sock");
  CHECK(format_address(url.address) == "unix:/run/a@b.sock");
  CHECK(url.host == "localhost");
  CHECK(url.path == "/");
  CHECK(error_of("unix:@name").find("abstract") != std::string::npos);
}

TEST_CASE("url: a user is refused for what it is, and no message shows it") {
  for (const char* const text : {"http://user:secret@127.0.0.1/", "http://user@[::1]:80/",
                                 "HTTP://u:se/cret@127.0.0.1/", "http://\xc3\xbc:x@127.0.0.1/"}) {
    CAPTURE(text);
    CHECK(error_of(text).find("Authorization") != std::string::npos);
  }
  CHECK(parse("http://127.0.0.1/@someone").path == "/@someone");
  CHECK(urb::hide_user("http://user:se@cret@127.0.0.1/") == "http://***@127.0.0.1/");
  CHECK(urb::hide_user("user:secret@127.0.0.1") == "***@127.0.0.1");
  CHECK(urb::hide_user("http://127.0.0.1/") == "http://127.0.0.1/");
}

// Two sockets at one port of both loopback addresses, of which none listens yet.
struct BothLoopbacks {
  urb::Fd six;
  urb::Fd four;
  std::string port;
};

// Nothing where there is no IPv6. Another process may have the port that was free for IPv6.
std::optional<BothLoopbacks> bind_both() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    BothLoopbacks both{
        .six = urb::Fd{urb::Adopt{}, socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)},
        .four = urb::Fd{urb::Adopt{}, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)},
        .port = {}};
    const urb::Address any = urb::Address::loopback_v6(0);
    if (!both.six.is_open() || bind(both.six.get(), any.raw(), any.raw_bytes()) != 0) break;
    const auto port = urb::Address::of_socket(both.six.get()).port();
    const urb::Address four = urb::Address::loopback(port);
    if (bind(both.four.get(), four.raw(), four.raw_bytes()) != 0) continue;
    both.port = std::to_string(port);
    return both;
  }
  return std::nullopt;
}

TEST_CASE("url: localhost is whichever loopback address has a server") {
  const std::optional<BothLoopbacks> both = bind_both();
  if (!both) {
    MESSAGE("skipped: no IPv6 here");
    return;
  }
  REQUIRE(listen(both->six.get(), 4) == 0);
  const urb::Url url = parse("http://localhost:" + both->port + "/");
  CHECK(format_address(find_server_address(url)) == "[::1]:" + both->port);
  const urb::Url number = parse("http://127.0.0.1:" + both->port + "/");
  CHECK(format_address(find_server_address(number)) == "127.0.0.1:" + both->port);
  REQUIRE(listen(both->four.get(), 4) == 0);
  CHECK(format_address(find_server_address(url)) == "127.0.0.1:" + both->port);
}

TEST_CASE("url: a name is kept to be looked up, with its port") {
  const urb::Url url = parse("http://host-1.example.:8080/a");
  CHECK(url.name == "host-1.example.");
  CHECK(url.address.port() == 8080);
  CHECK(url.host == "host-1.example.:8080");
  CHECK(parse("http://my_host").address.port() == 80);
  CHECK(parse("http://localhost/").name.empty());
  CHECK(parse("http://10.0.0.1/").name.empty());
  CHECK(parse("http://[::1]/").name.empty());
}

TEST_CASE("url: a name without an address says so, and why") {
  const urb::Url url = parse("http://there-is-no-such-host.invalid/");
  try {
    static_cast<void>(find_server_address(url));
    FAIL("an address was found");
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    CHECK(what.starts_with("there-is-no-such-host.invalid: "));
    CHECK(what.size() > 60);  // the resolver's reason, whatever it is here
  }
}

TEST_CASE("url: what cannot be loaded says why") {
  CHECK(error_of("127.0.0.1:80") == "a URL begins with http:// or https://");
  CHECK(error_of("ftp://127.0.0.1/") == "a URL begins with http:// or https://");
  CHECK(error_of("http:///x").find("needs a host") != std::string::npos);
  CHECK(error_of("http://:80/").find("needs a host") != std::string::npos);
  CHECK(error_of("http://1.2.3/").find("not a numeric IPv4") != std::string::npos);
  CHECK(error_of("http://127.0.0.1:0/").find("port 0") != std::string::npos);
  CHECK(error_of("http://127.0.0.1:99999/").find("port") != std::string::npos);
  CHECK(error_of("http://::1:8080/").find("[::1]") != std::string::npos);
  CHECK(error_of("http://fe80::1/").find("[::1]") != std::string::npos);
  CHECK(error_of("http://[fe80::1%25lo]/").find("zone") != std::string::npos);
  CHECK(error_of("http://[fe80::1]/").find("zone") != std::string::npos);
  CHECK(error_of("http://127.0.0.1./").find("dot") != std::string::npos);
  CHECK(error_of("http://m\xc3\xbcller/").find("host has no bytes above 127") != std::string::npos);
  CHECK(error_of("http://127.0.0.1/\xc3").find("path has no bytes above 127") != std::string::npos);
  CHECK(parse("HTTPS://127.0.0.1/").has_tls);
  CHECK(error_of("http://127.0.0.1/a b").find("%20") != std::string::npos);
  CHECK(error_of("http://127.0.0.1/a\r\nX: y").find("control") != std::string::npos);
}

TEST_SUITE_END();
