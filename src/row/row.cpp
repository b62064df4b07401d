// The schema: every column's name, place and type in one table, walked by reader and writer.
#include "row/row.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "base/text.hpp"

namespace urb {
namespace {

constexpr std::array kStatuses{Status::ok, Status::unsupported, Status::failed, Status::panic,
                               Status::timeout};
constexpr double kFigureMax = 1e30;  // a guess: no meter here comes near it

// The one table. `visit` is called with the name and the field of each column, in their order.
template <class R, class Visit>
void visit_columns(R& row, Visit&& visit) {
#define URB_COLUMN(name) visit(#name, row.name)
  URB_COLUMN(schema), URB_COLUMN(method), URB_COLUMN(run_id), URB_COLUMN(started_at);
  URB_COLUMN(tool), URB_COLUMN(kernel), URB_COLUMN(machine), URB_COLUMN(accelerator);
  URB_COLUMN(cpu_model), URB_COLUMN(cpus), URB_COLUMN(mitigations), URB_COLUMN(lo_mtu);
  URB_COLUMN(mode), URB_COLUMN(relay), URB_COLUMN(buffers), URB_COLUMN(policy);
  URB_COLUMN(workers), URB_COLUMN(connections), URB_COLUMN(body_bytes);
  URB_COLUMN(response_bytes), URB_COLUMN(reuse), URB_COLUMN(loop), URB_COLUMN(rate_requested);
  URB_COLUMN(client), URB_COLUMN(pinning), URB_COLUMN(seed), URB_COLUMN(repeat);
  URB_COLUMN(trial_order), URB_COLUMN(duration_s), URB_COLUMN(requests), URB_COLUMN(errors);
  URB_COLUMN(requests_per_s), URB_COLUMN(bytes_per_s), URB_COLUMN(latency_us_p50);
  URB_COLUMN(latency_us_p90), URB_COLUMN(latency_us_p99), URB_COLUMN(latency_us_p999);
  URB_COLUMN(latency_us_max), URB_COLUMN(service_us_p50), URB_COLUMN(service_us_p99);
  URB_COLUMN(service_us_max), URB_COLUMN(cpu_us_per_request_client);
  URB_COLUMN(cpu_us_per_request_master), URB_COLUMN(cpu_us_per_request_workers);
  URB_COLUMN(cpu_us_per_request_iowq), URB_COLUMN(cpu_s_per_gb_client);
  URB_COLUMN(cpu_s_per_gb_server), URB_COLUMN(context_switches_per_request);
  URB_COLUMN(enters_per_request), URB_COLUMN(sqes_per_request), URB_COLUMN(cq_overflows);
  URB_COLUMN(short_splices), URB_COLUMN(worker_imbalance), URB_COLUMN(routing_fidelity);
  URB_COLUMN(verified_bytes), URB_COLUMN(bottleneck), URB_COLUMN(instructions_per_request);
  URB_COLUMN(guest), URB_COLUMN(features), URB_COLUMN(warnings), URB_COLUMN(status);
#undef URB_COLUMN
}

std::string to_text(const std::string& field) { return field; }
std::string to_text(std::uint64_t field) { return fmt::format("{}", field); }
std::string to_text(bool field) { return field ? "yes" : "no"; }
// What was divided by nothing is unknown.
std::string to_text(double field) { return std::isfinite(field) ? format_figure(field) : ""; }
std::string to_text(Status field) { return std::string{name_of(field)}; }
template <class T>
std::string to_text(const std::optional<T>& field) {
  return field ? to_text(*field) : std::string{};
}

template <class T>
FieldValue to_value(const T& field) {
  return field;
}
FieldValue to_value(Status field) { return std::string{name_of(field)}; }
// No text is unknown, as in the CSV.
FieldValue to_value(const std::string& field) {
  return field.empty() ? FieldValue{} : FieldValue{field};
}
template <class T>
FieldValue to_value(const std::optional<T>& field) {
  return field ? FieldValue{*field} : FieldValue{};
}

// Each returns what is wrong with the text, nothing when it was understood.
std::string from_text(const std::string& text, std::string& field) {
  field = text;
  return {};
}
template <class T>
requires std::is_arithmetic_v<T> std::string from_text(const std::string& text, T& field) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), field);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  if (!is_number) return fmt::format("'{}' is not a number", text);
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(field) || field < 0)
      return fmt::format("'{}' is no finite number from 0", text);
    // The tables add figures up, and a sum of larger ones would not be finite.
    if (field > kFigureMax) return fmt::format("'{}' is more than anything measured", text);
    field = std::abs(field);  // "-0"
  }
  return {};
}
std::string from_text(const std::string& text, bool& field) {
  field = text == "yes";
  if (field || text == "no") return {};
  return fmt::format("'{}' is neither yes nor no", text);
}
std::string from_text(const std::string& text, Status& field) {
  for (const Status status : kStatuses) {
    if (name_of(status) != text) continue;
    field = status;
    return {};
  }
  return fmt::format("'{}' is not a status", text);
}
template <class T>
std::string from_text(const std::string& text, std::optional<T>& field) {
  field.reset();
  if (text.empty()) return {};
  return from_text(text, field.emplace());
}

}  // namespace

std::string_view name_of(Status status) noexcept {
  switch (status) {
    case Status::ok: return "ok";
    case Status::unsupported: return "unsupported";
    case Status::failed: return "failed";
    case Status::panic: return "panic";
    case Status::timeout: break;
  }
  return "timeout";
}

const std::vector<std::string>& column_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> collected;
    const Row row;
    visit_columns(row, [&](const char* name, const auto&) { collected.emplace_back(name); });
    return collected;
  }();
  return names;
}

std::vector<std::string> format_row(const Row& row) {
  std::vector<std::string> fields;
  fields.reserve(column_names().size());
  visit_columns(row, [&](const char*, const auto& field) { fields.push_back(to_text(field)); });
  return fields;
}

std::vector<FieldValue> values_of(const Row& row) {
  std::vector<FieldValue> values;
  values.reserve(column_names().size());
  visit_columns(row, [&](const char*, const auto& field) { values.push_back(to_value(field)); });
  return values;
}

void clean_texts(Row& row) {
  visit_columns(row, [](const char*, auto& field) {
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::string>) {
      field = clean_text(field);
    }
  });
}

std::variant<Row, ParseError> parse_row(const std::vector<std::string>& fields) {
  const std::size_t expected = column_names().size();
  if (fields.size() != expected) {
    return ParseError{fields.size(),
                      fmt::format("{} fields where {} are expected", fields.size(), expected)};
  }
  Row row;
  std::size_t index = 0;
  std::optional<ParseError> error;
  visit_columns(row, [&](const char* name, auto& field) {
    std::string problem = from_text(fields[index], field);
    if (!problem.empty() && !error) error = ParseError{index, fmt::format("{}: {}", name, problem)};
    ++index;
  });
  if (error) return *std::move(error);
  return row;
}

std::string format_figure(double figure) {
  if (std::abs(figure) >= 1e5) return fmt::format("{:.0f}", figure);
  return fmt::format("{:.6g}", figure);
}

}  // namespace urb
