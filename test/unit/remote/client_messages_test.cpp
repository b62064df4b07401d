// What crosses between an experiment and its clients comes back as it was, to the last field.
#include <doctest/doctest.h>

#include <string>
#include <type_traits>
#include <variant>

#include "remote/client_messages.hpp"
#include "remote/message_fields.hpp"

namespace urb::test {
namespace {

/// Sets every field to a value of its own, so that none is mistaken for another or for the default.
struct Filler {
  int next = 1;

  template <class T>
  requires std::is_arithmetic_v<T>
  void fill(T& value) { value = static_cast<T>(std::is_same_v<T, bool> ? !value : next++); }
  void fill(std::string& value) { value = "text " + std::to_string(next++) + " \" \\ \n"; }
  void fill(Nanos& value) { value = Nanos{5'000'000'000 + next++}; }
  void fill(Bytes& value) {
    value.value = (std::uint64_t{1} << 60) + static_cast<unsigned>(next++);
  }
  void fill(Address& value) { value = Address::loopback_v6(static_cast<std::uint16_t>(next++)); }
  void fill(Verify& value) { value = Verify::all; }
  void fill(ArrivalKind& value) { value = ArrivalKind::recorded; }
  void fill(ArrivalOptions& value) { visit_arrivals(value, *this); }
  void fill(Features& value) { value = Features::of_bits(static_cast<std::uint64_t>(next++)); }
  void fill(BodyShare& value) { value = {Bytes{static_cast<std::uint64_t>(next++)}, 3}; }
  void fill(Route& value) { value = {std::to_string(next++), 2}; }
  void fill(Histogram& value) {
    value.record(Nanos{1000 + next++});
    value.record(std::chrono::seconds{61});  // clipped
  }
  void fill(LoadErrors& value) { visit_errors(value, *this); }
  void fill(LoadOptions& value) { visit_options(value, *this); }
  void fill(LoadResult& value) { visit_result(value, *this); }
  template <class T>
  void fill(std::optional<T>& value) {
    fill(value.emplace());
  }
  template <class T>
  void fill(std::vector<T>& values) {
    fill(values.emplace_back());
    fill(values.emplace_back());
  }
  template <class T>
  void operator()(const char*, T& value) {
    fill(value);
  }
};

template <class Message>
Message there_and_back(const Message& message) {
  const std::string line = format_message(message);
  REQUIRE(line.ends_with('\n'));
  CHECK(line.find('\n') == line.size() - 1);
  const auto parsed = parse_message(std::string_view{line}.substr(0, line.size() - 1));
  REQUIRE(parsed);
  REQUIRE(std::holds_alternative<Message>(*parsed));
  // The text says all fields, so equal texts are equal messages.
  CHECK(format_message(*parsed) == line);
  return std::get<Message>(*parsed);
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("client messages: every field of an order and a report crosses") {
  Filler filler;
  ClientOrder order;
  visit_order(order, filler);
  const ClientOrder ordered = there_and_back(order);
  CHECK(format_message(ordered) != format_message(ClientOrder{}));
  CHECK(ordered.load.target.port() == order.load.target.port());
  CHECK(ordered.load.rate == order.load.rate);
  CHECK(ordered.load.verify == Verify::all);
  CHECK(ordered.load.mix == order.load.mix);
  CHECK(ordered.load.routes[1].key == order.load.routes[1].key);

  ClientReport report;
  visit_report(report, filler);
  const ClientReport reported = there_and_back(report);
  CHECK(reported.load.errors.total() == report.load.errors.total());
  CHECK(reported.load.latency.count() == 2);
  CHECK(reported.load.latency.max() == std::chrono::seconds{61});
  CHECK(reported.load.latency.clipped_count() == 1);
  CHECK(reported.load.latency.mean() == report.load.latency.mean());
  CHECK(reported.cpu == report.cpu);

  ClientHello hello;
  visit_hello(hello, filler);
  CHECK(there_and_back(hello).pid == hello.pid);
  CHECK(there_and_back(ClientWord::stop) == ClientWord::stop);
  CHECK(there_and_back(ClientProgress{Nanos{7}, 8}).requests == 8);
  CHECK(there_and_back(ClientFailure{"why", true}).is_unsupported);
}

TEST_CASE("client messages: what is none is refused") {
  for (const char* const line :
       {"", "Welcome", "{}", "[]", "{\"hello\":{}}", "{\"hello\":1}", "{\"word\":4}",
        "{\"word\":-1}", "{\"word\":\"go\"}", "{\"other\":1}", "{\"word\":1,\"progress\":[1,2]}",
        "{\"progress\":[1]}", "{\"failure\":[1,2]}", "{\"word\":1}x"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_message(line));
  }
  CHECK(parse_message("{\"word\":1}"));
}

TEST_CASE("histogram: what is no encoding of one is refused") {
  Histogram histogram;
  for (int value = 1; value <= 1000; ++value) histogram.record(Nanos{value * 1000});
  const auto decoded = Histogram::decoded(histogram.encoded(), histogram.exact());
  REQUIRE(decoded);
  for (const double q : {0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 1.0})
    CHECK(decoded->quantile(q) == histogram.quantile(q));
  CHECK(decoded->count() == 1000);
  CHECK(decoded->encoded() == histogram.encoded());
  std::string text = histogram.encoded();
  CHECK_FALSE(Histogram::decoded("", {}));
  CHECK_FALSE(Histogram::decoded("no", {}));
  CHECK_FALSE(Histogram::decoded(text.substr(0, text.size() / 2), {}));
}

TEST_SUITE_END();

}  // namespace urb::test
