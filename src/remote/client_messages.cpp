#include "remote/client_messages.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>

#include "remote/message_fields.hpp"

namespace urb {
namespace {

using Json = nlohmann::json;

// What no message of the same version says.
struct NotOurs : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One writer and one reader for every type of a field. Those of one direction call each other.

template <class T>
requires std::is_arithmetic_v<T> Json write(const T& value) { return value; }
Json write(const std::string& value) { return value; }
Json write(const Nanos& value) { return value.count(); }
Json write(const Bytes& value) { return value.value; }
Json write(const Address& value) { return format_address(value); }
Json write(const Verify& value) { return static_cast<int>(value); }
Json write(const Features& value) { return value.bits(); }
Json write(const BodyShare& value) { return {value.body.value, value.weight}; }
Json write(const Route& value) { return {value.key, value.worker}; }
Json write(const Histogram& value) {
  const Histogram::Exact exact = value.exact();
  return {value.encoded(), exact.max.count(), exact.sum_ns, exact.clipped_count};
}
Json write(const ArrivalKind& value) { return static_cast<int>(value); }
Json write(const ArrivalOptions& value);
Json write(const LoadErrors& value);
Json write(const LoadOptions& value);
Json write(const LoadResult& value);
template <class T>
Json write(const std::optional<T>& value) {
  return value ? write(*value) : Json(nullptr);
}
template <class T>
Json write(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(write(value));
  return list;
}
struct Writer {
  Json& json;
  template <class T>
  void operator()(const char* name, const T& value) const {
    json[name] = write(value);
  }
};
Json write(const ArrivalOptions& value) {
  Json json;
  visit_arrivals(value, Writer{json});
  return json;
}
Json write(const LoadErrors& value) {
  Json json;
  visit_errors(value, Writer{json});
  return json;
}
Json write(const LoadOptions& value) {
  Json json;
  visit_options(value, Writer{json});
  return json;
}
Json write(const LoadResult& value) {
  Json json;
  visit_result(value, Writer{json});
  return json;
}

template <class T>
requires std::is_arithmetic_v<T>
void read(const Json& json, T& value) { value = json.get<T>(); }
void read(const Json& json, std::string& value) { value = json.get<std::string>(); }
void read(const Json& json, Nanos& value) { value = Nanos{json.get<std::int64_t>()}; }
void read(const Json& json, Bytes& value) { value.value = json.get<std::uint64_t>(); }
void read(const Json& json, Address& value) {
  const auto parsed = parse_listen_address(json.get<std::string>());
  if (!std::holds_alternative<Address>(parsed)) throw NotOurs("an address");
  value = std::get<Address>(parsed);
}
// From 0 to `most`.
template <class Enum>
void read_enum(const Json& json, Enum& value, Enum most) {
  const int number = json.get<int>();
  if (number < 0 || number > static_cast<int>(most)) throw NotOurs("a kind");
  value = static_cast<Enum>(number);
}
void read(const Json& json, Verify& value) { read_enum(json, value, Verify::all); }
void read(const Json& json, ArrivalKind& value) { read_enum(json, value, ArrivalKind::recorded); }
void read(const Json& json, Features& value) {
  value = Features::of_bits(json.get<std::uint64_t>());
}
void read(const Json& json, BodyShare& value) {
  read(json.at(0), value.body);
  read(json.at(1), value.weight);
}
void read(const Json& json, Route& value) {
  read(json.at(0), value.key);
  read(json.at(1), value.worker);
}
void read(const Json& json, Histogram& value) {
  Histogram::Exact exact;
  read(json.at(1), exact.max);
  read(json.at(2), exact.sum_ns);
  read(json.at(3), exact.clipped_count);
  std::optional<Histogram> decoded = Histogram::decoded(json.at(0).get<std::string>(), exact);
  if (!decoded) throw NotOurs("a histogram");
  value = *std::move(decoded);
}
void read(const Json& json, ArrivalOptions& value);
void read(const Json& json, LoadErrors& value);
void read(const Json& json, LoadOptions& value);
void read(const Json& json, LoadResult& value);
template <class T>
void read(const Json& json, std::optional<T>& value) {
  value.reset();
  if (!json.is_null()) read(json, value.emplace());
}
template <class T>
void read(const Json& json, std::vector<T>& values) {
  values.clear();
  for (const Json& one : json) read(one, values.emplace_back());
}
struct Reader {
  const Json& json;
  template <class T>
  void operator()(const char* name, T& value) const {
    read(json.at(name), value);
  }
};
void read(const Json& json, ArrivalOptions& value) { visit_arrivals(value, Reader{json}); }
void read(const Json& json, LoadErrors& value) { visit_errors(value, Reader{json}); }
void read(const Json& json, LoadOptions& value) { visit_options(value, Reader{json}); }
void read(const Json& json, LoadResult& value) { visit_result(value, Reader{json}); }

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
    read_enum(json, word, ClientWord::stop);
    return word;
  }
  if (name == "progress") {
    ClientProgress progress;
    read(json.at(0), progress.elapsed);
    read(json.at(1), progress.requests);
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
