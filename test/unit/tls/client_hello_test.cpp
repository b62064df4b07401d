// A ClientHello looked at: whole, cut off at each byte, in many records, and wrong in every field.
#include "tls/client_hello.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/hello_bytes.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::tls {
namespace {

using test::big_endian;
using test::extension;
using test::hello_for;
using test::hello_message;
using test::HelloParts;
using test::name_entry;
using test::records;
using test::server_name;
using test::with_length;
using Status = ClientHello::Status;

ClientHello look_at(std::string_view bytes) {
  return read_client_hello(std::as_bytes(std::span{bytes}));
}

ClientHello look_at(const HelloParts& parts) { return look_at(records(hello_message(parts))); }

HelloParts with_extensions(std::string extensions) {
  HelloParts parts;
  parts.extensions = std::move(extensions);
  return parts;
}

void check_refused(std::string_view bytes, std::optional<std::uint8_t> alert) {
  const ClientHello hello = look_at(bytes);
  CHECK(hello.status == Status::refused);
  CHECK(hello.alert == alert);
  CHECK_FALSE(hello.name_hash);
}

constexpr std::uint8_t kDecodeError = 50;
constexpr std::uint8_t kUnexpected = 10;
constexpr std::uint8_t kTooLong = 47;

TEST_CASE("client hello: cut off at each byte, it needs more, and then has its name") {
  for (const std::size_t record : {std::size_t{16384}, std::size_t{50}, std::size_t{1}}) {
    CAPTURE(record);
    const std::string whole = hello_for("www.example.org", record);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      CAPTURE(cut);
      const ClientHello hello = look_at(std::string_view{whole}.substr(0, cut));
      CHECK(hello.status == Status::need_more);
      CHECK(hello.needed > cut);
      CHECK(hello.needed <= whole.size());
      CHECK_FALSE(hello.name_hash);
    }
    for (const std::string& behind : {std::string{}, std::string{"\x17\x03\x03"}, whole}) {
      const ClientHello hello = look_at(whole + behind);
      CHECK(hello.status == Status::complete);
      CHECK(hello.name_hash == hash_of_name("www.example.org"));
    }
  }
}

TEST_CASE("client hello: what is needed is told by headers, so that few looks are enough") {
  const std::string whole = hello_for("a");
  CHECK(look_at("").needed == 5);
  CHECK(look_at(whole.substr(0, 5)).needed == whole.size());
  CHECK(look_at(whole.substr(0, whole.size() - 1)).needed == whole.size());
}

TEST_CASE("client hello: a name is the same in upper and lower case, and another name is not") {
  CHECK(hash_of_name("WWW.Example.ORG") == hash_of_name("www.example.org"));
  CHECK(hash_of_name("www.example.org") != hash_of_name("www.example.com"));
  CHECK(look_at(hello_for("WWW.example.org")).name_hash == hash_of_name("www.example.org"));
  CHECK(look_at(hello_for(std::string(255, 'n'))).name_hash == hash_of_name(std::string(255, 'n')));
}

TEST_CASE("client hello: without a name it is whole all the same") {
  HelloParts parts;
  CHECK(look_at(parts).status == Status::complete);  // an empty list of extensions
  parts.has_extensions = false;
  CHECK(look_at(parts).status == Status::complete);
  parts = with_extensions(extension(10, "1") + extension(0xfafa, ""));
  CHECK(look_at(parts).status == Status::complete);
  CHECK_FALSE(look_at(parts).name_hash);
  // A kind of name that nobody has defined.
  parts = with_extensions(server_name(name_entry("x", 7)));
  CHECK(look_at(parts).status == Status::complete);
  CHECK_FALSE(look_at(parts).name_hash);
  parts = with_extensions(server_name(name_entry("", 7) + name_entry("b.example")));
  CHECK(look_at(parts).name_hash == hash_of_name("b.example"));
}

TEST_CASE("client hello: who speaks no TLS is known by the first byte, and gets no alert") {
  check_refused("G", std::nullopt);
  check_refused("GET / HTTP/1.1\r\n\r\n", std::nullopt);
  check_refused("\x15\x03\x01\x00\x02\x02\x28", std::nullopt);  // an alert first
  check_refused("\x80\x2e\x01\x03\x01", std::nullopt);          // SSL 2
  check_refused("\x16\x02", std::nullopt);
}

TEST_CASE("client hello: wrong records are refused") {
  check_refused(std::string_view{"\x16\x03\x01\x00\x00", 5}, kDecodeError);  // empty
  check_refused("\x16\x03\x01\x40\x01", 22);                                 // over 2^14
  check_refused(std::string_view{"\x16\x03\x01\x00\x01\x02", 6}, kUnexpected);
  const std::string whole = hello_for("a.example", 50);
  std::string other = whole;
  other[55] = '\x17';  // data between two parts of the message
  check_refused(other, kUnexpected);
  other[55] = '\x16';
  other[56] = '\x02';
  check_refused(other, kDecodeError);
}

TEST_CASE("client hello: longer than the limit is refused, as soon as its length is there") {
  const std::string long_message =
      hello_message(with_extensions(extension(21, std::string(kClientHelloMax, '\0'))));
  const std::string text = records(long_message, 1000);
  CHECK(look_at(text.substr(0, 8)).status == Status::need_more);
  check_refused(text.substr(0, 9), kTooLong);
  check_refused(text, kTooLong);
  // One record that cannot fit, whatever is in it.
  check_refused(std::string_view{"\x16\x03\x01\x40\x00", 5}, kTooLong);
  // Too many headers: a byte in each record.
  const std::string dripped =
      records(hello_message(with_extensions(extension(21, std::string(4000, '\0')))), 1);
  const ClientHello hello = look_at(dripped);
  CHECK(hello.status == Status::refused);
  CHECK(hello.alert == kTooLong);
  // The longest that is taken.
  HelloParts parts;
  const std::size_t room = kClientHelloMax - records(hello_message(parts)).size() - 4;
  parts.extensions = extension(21, std::string(room, '\0'));
  CHECK(records(hello_message(parts)).size() == kClientHelloMax);
  CHECK(look_at(parts).status == Status::complete);
  parts.extensions = extension(21, std::string(room + 1, '\0'));
  CHECK(look_at(parts).status == Status::refused);
}

TEST_CASE("client hello: each wrong field is refused") {
  const auto refuses = [](const HelloParts& parts) {
    check_refused(records(hello_message(parts)), kDecodeError);
  };
  HelloParts parts;
  parts.session = std::string(33, 's');
  refuses(parts);
  parts = {};
  parts.suites.clear();
  refuses(parts);
  parts.suites = "odd";
  refuses(parts);
  parts = {};
  parts.compressions.clear();
  refuses(parts);
  const std::string name = name_entry("a.example");
  const std::vector<std::string> wrong{
      "\x01",                                         // half a type
      big_endian(5, 2),                               // no length
      big_endian(5, 2) + big_endian(9, 2) + "short",  // beyond the end
      server_name(name) + server_name(name),          // twice
      server_name(name + name_entry("b.example")),    // two hosts
      server_name(name_entry("")),
      server_name(name_entry(std::string(256, 'n'))),
      server_name(name_entry(std::string_view{"a\0b", 3})),
      extension(0, ""),
      extension(0, with_length(2, "")),
      extension(0, with_length(2, name) + "x"),
      extension(0, with_length(2, name + "x")),
      extension(0, big_endian(99, 2) + name),
      server_name(name_entry("x", 7) + big_endian(7, 1) + big_endian(9, 2)),
  };
  for (const std::string& extensions : wrong) {
    CAPTURE(extensions);
    refuses(with_extensions(extensions));
  }
  // Cut short within the message, whose own length says so: each field is missing once.
  const std::string message = hello_message(with_extensions(server_name(name)));
  for (std::size_t length = 0; length + 4 < message.size(); ++length) {
    CAPTURE(length);
    const std::string cut = "\x01" + with_length(3, message.substr(4, length));
    const ClientHello hello = look_at(records(cut));
    // Behind the compressions it may end: then it has no extensions.
    const std::size_t without = 2 + 32 + 33 + 6 + 2;
    CHECK(hello.status == (length == without ? Status::complete : Status::refused));
  }
  // Something behind the extensions.
  const std::string more = "\x01" + with_length(3, message.substr(4) + "x");
  check_refused(records(more), kDecodeError);
}

}  // namespace
}  // namespace urb::tls
