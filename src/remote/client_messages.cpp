#include "remote/client_messages.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>

#include "remote/message_fields.hpp"

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

// What no message of the same version says.
struct NotOurs : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One writer and one reader for every type of a field. Those of one direction call each other.

template <class T>
requires std::is_arithmetic_v<T> Json encode(const T& value) { return value; }
Json encode(const std::string& value) { return value; }
Json encode(const Nanos& value) { return value.count(); }
Json encode(const Bytes& value) { return value.value; }
Json encode(const Address& value) { return format_address(value); }
Json encode(const Verify& value) { return static_cast<int>(value); }
Json encode(const Features& value) { return value.bits(); }
Json encode(const BodyShare& value) { return {value.body.value, value.weight}; }
Json encode(const Route& value) { return {value.key, value.worker}; }
Json encode(const Histogram& value) {
  const Histogram::Exact exact = value.exact();
  return {value.encoded(), exact.max.count(), exact.sum_ns, exact.clipped_count};
}
Json encode(const ArrivalKind& value) { return static_cast<int>(value); }
Json encode(const ArrivalOptions& value);
Json encode(const LoadErrors& value);
Json encode(const LoadOptions& value);
Json encode(const LoadResult& value);
template <class T>
Json encode(const std::optional<T>& value) {
  return value ? encode(*value) : Json(nullptr);
}
template <class T>
Json encode(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(encode(value));
  return list;
}
struct Writer {
  Json& json;
  template <class T>
  void operator()(const char* name, const T& value) const {
    json[name] = encode(value);
  }
};
Json encode(const ArrivalOptions& value) {
  Json json;
  visit_arrivals(value, Writer{json});
  return json;
}
Json encode(const LoadErrors& value) {
  Json json;
  visit_errors(value, Writer{json});
  return json;
}
Json encode(const LoadOptions& value) {
  Json json;
  visit_options(value, Writer{json});
  return json;
}
Json encode(const LoadResult& value) {
  Json json;
  visit_result(value, Writer{json});
  return json;
}

template <class T>
requires std::is_arithmetic_v<T>
void decode(const Json& json, T& value) { value = json.get<T>(); }
void decode(const Json& json, std::string& value) { value = json.get<std::string>(); }
void decode(const Json& json, Nanos& value) { value = Nanos{json.get<std::int64_t>()}; }
void decode(const Json& json, Bytes& value) { value.value = json.get<std::uint64_t>(); }
void decode(const Json& json, Address& value) {
  const auto parsed = parse_listen_address(json.get<std::string>());
  if (!std::holds_alternative<Address>(parsed)) throw NotOurs("an address");
  value = std::get<Address>(parsed);
}
// From 0 to `most`.
template <class Enum>
void decode_enum(const Json& json, Enum& value, Enum most) {
  const int number = json.get<int>();
  if (number < 0 || number > static_cast<int>(most)) throw NotOurs("a kind");
  value = static_cast<Enum>(number);
}
void decode(const Json& json, Verify& value) { decode_enum(json, value, Verify::all); }
void decode(const Json& json, ArrivalKind& value) {
  decode_enum(json, value, ArrivalKind::recorded);
}
void decode(const Json& json, Features& value) {
  value = Features::of_bits(json.get<std::uint64_t>());
}
void decode(const Json& json, BodyShare& value) {
  decode(json.at(0), value.body);
  decode(json.at(1), value.weight);
}
void decode(const Json& json, Route& value) {
  decode(json.at(0), value.key);
  decode(json.at(1), value.worker);
}
void decode(const Json& json, Histogram& value) {
  Histogram::Exact exact;
  decode(json.at(1), exact.max);
  decode(json.at(2), exact.sum_ns);
  decode(json.at(3), exact.clipped_count);
  std::optional<Histogram> decoded = Histogram::decoded(json.at(0).get<std::string>(), exact);
  if (!decoded) throw NotOurs("a histogram");
  value = *std::move(decoded);
}
void decode(const Json& json, ArrivalOptions& value);
void decode(const Json& json, LoadErrors& value);
void decode(const Json& json, LoadOptions& value);
void decode(const Json& json, LoadResult& value);
template <class T>
void decode(const Json& json, std::optional<T>& value) {
  value.reset();
  if (!json.is_null()) decode(json, value.emplace());
}
template <class T>
void decode(const Json& json, std::vector<T>& values) {
  values.clear();
  for (const Json& one : json) decode(one, values.emplace_back());
}
struct Reader {
  const Json& json;
  template <class T>
  void operator()(const char* name, T& value) const {
    decode(json.at(name), value);
  }
};
void decode(const Json& json, ArrivalOptions& value) { visit_arrivals(value, Reader{json}); }
void decode(const Json& json, LoadErrors& value) { visit_errors(value, Reader{json}); }
void decode(const Json& json, LoadOptions& value) { visit_options(value, Reader{json}); }
void decode(const Json& json, LoadResult& value) { visit_result(value, Reader{json}); }

struct Namer {
  const char* operator()(const ClientHello&) const { return "hello"; }
  const char* operator()(const ClientOrder&) const { return "order"; }
  const char* operator()(const ClientReport&) const { return "report"; }
  const char* operator()(const ClientWord&) const { return "word"; }
  const char* operator()(const ClientProgress&) const { return "progress"; }
  const char* operator()(const ClientFailure&) const { return "failure"; }
};

struct BodyWriter {
  Json& json;
  void operator()(const ClientHello& hello) const { visit_hello(hello, Writer{json}); }
  void operator()(const ClientOrder& order) const { visit_order(order, Writer{json}); }
  void operator()(const ClientReport& report) const { visit_report(report, Writer{json}); }
  void operator()(const ClientWord& word) const { json = static_cast<int>(word); }
  void operator()(const ClientProgress& progress) const {
    json = {progress.elapsed.count(), progress.requests};
  }
  void operator()(const ClientFailure& failure) const {
    json = {failure.text, failure.is_unsupported};
  }
};

ClientMessage read_body(const std::string& name, const Json& json) {
  if (name == "hello") {
    ClientHello hello;
    visit_hello(hello, Reader{json});
    return hello;
  }
  if (name == "order") {
    ClientOrder order;
    visit_order(order, Reader{json});
    return order;
  }
  if (name == "report") {
    ClientReport report;
    visit_report(report, Reader{json});
    return report;
  }
  if (name == "word") {
    ClientWord word{};
    decode_enum(json, word, ClientWord::stop);
    return word;
  }
  if (name == "progress") {
    ClientProgress progress;
    decode(json.at(0), progress.elapsed);
    decode(json.at(1), progress.requests);
    return progress;
  }
  if (name == "failure")
    return ClientFailure{json.at(0).get<std::string>(), json.at(1).get<bool>()};
  throw NotOurs("a name");
}

}  // namespace

std::string format_message(const ClientMessage& message) {
  Json body;
  std::visit(BodyWriter{body}, message);
  const Json json{{std::visit(Namer{}, message), std::move(body)}};
  // Words of a server, say, need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<ClientMessage> parse_message(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    if (!json.is_object() || json.size() != 1) return std::nullopt;
    return read_body(json.begin().key(), json.begin().value());
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const NotOurs&) {
    return std::nullopt;
  }
}

}  // namespace urb
