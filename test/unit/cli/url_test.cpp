// URLs that are taken apart, and those that are not taken at all.
#include "cli/url.hpp"

#include <doctest/doctest.h>

#include <string>

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

TEST_CASE("url: what cannot be loaded says why") {
  CHECK(error_of("127.0.0.1:80") == "a URL begins with http://");
  CHECK(error_of("https://127.0.0.1/") == "https is not supported, use http://");
  CHECK(error_of("http:///x").find("needs a host") != std::string::npos);
  CHECK(error_of("http://:80/").find("needs a host") != std::string::npos);
  CHECK(error_of("http://example.org/").find("not looked up") != std::string::npos);
  CHECK(error_of("http://127.0.0.1:0/").find("port 0") != std::string::npos);
  CHECK(error_of("http://127.0.0.1:99999/").find("port") != std::string::npos);
  CHECK(error_of("http://127.0.0.1/a b").find("%20") != std::string::npos);
  CHECK(error_of("http://127.0.0.1/a\r\nX: y").find("control") != std::string::npos);
}

TEST_SUITE_END();
