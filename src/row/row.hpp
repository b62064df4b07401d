// One trial as one line of the CSV file: schema 1. A field has the name of its column.
//
// Only rows with status ok carry figures (everything after trial_order, up to guest); the others
// say in `warnings` why they have none. An unknown value is an empty field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.hpp"

namespace urb {

enum class Status : std::uint8_t { ok, unsupported, failed, panic, timeout };
[[nodiscard]] std::string_view name_of(Status status) noexcept;

/// Counts up when the columns change.
inline constexpr std::uint64_t kSchema = 1;
/// Counts up when a change of the tool makes older rows incomparable.
inline constexpr std::uint64_t kMethod = 2;

struct Row {
  using Figure = std::optional<double>;
  using Count = std::optional<std::uint64_t>;

  std::uint64_t schema = kSchema;
  std::uint64_t method = kMethod;
  std::string run_id;
  std::string started_at;  ///< of the trial, UTC, ISO 8601
  std::string tool;
  std::string kernel;
  std::string machine;
  std::string accelerator;
  std::string cpu_model;
  Count cpus;
  std::string mitigations;
  Count lo_mtu;
  std::string mode;
  std::string relay;
  std::string buffers;
  std::string policy;
  std::uint64_t workers = 0;
  std::uint64_t connections = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t response_bytes = 0;
  bool reuse = false;
  std::string loop;
  Figure rate_requested;
  std::string client;
  std::string pinning;
  std::uint64_t seed = 0;
  std::uint64_t repeat = 0;       ///< from 1
  std::uint64_t trial_order = 0;  ///< place in the run, from 1
  Figure duration_s;
  Count requests;
  Count errors;
  Figure requests_per_s;
  Figure bytes_per_s;  ///< of request bodies
  Figure latency_us_p50;
  Figure latency_us_p90;
  Figure latency_us_p99;
  Figure latency_us_p999;
  Figure latency_us_max;
  Figure service_us_p50;
  Figure service_us_p99;
  Figure service_us_max;
  Figure cpu_us_per_request_client;
  Figure cpu_us_per_request_master;  ///< its io-wq threads included, as in the next
  Figure cpu_us_per_request_workers;
  Figure cpu_us_per_request_iowq;  ///< the part of the two that io-wq threads used
  Figure cpu_s_per_gb_client;      ///< GB: 10^9 bytes of request bodies
  Figure cpu_s_per_gb_server;
  Figure context_switches_per_request;
  Figure enters_per_request;  ///< of master and workers, as in the next three
  Figure sqes_per_request;
  Count cq_overflows;
  Count short_splices;
  Figure worker_imbalance;
  Figure routing_fidelity;
  Count verified_bytes;
  std::string bottleneck;
  Figure instructions_per_request;
  std::string guest;
  std::string features;
  std::string warnings;
  Status status = Status::ok;
};

/// The columns' names in their order.
[[nodiscard]] const std::vector<std::string>& column_names();
/// A row as the texts of its fields, in the order of the columns.
[[nodiscard]] std::vector<std::string> format_row(const Row& row);
/// The inverse. The error's position is the index of the column. Figures are finite and not below
/// zero.
[[nodiscard]] std::variant<Row, ParseError> parse_row(const std::vector<std::string>& fields);
/// Makes its texts fit for pages and terminals, as clean_text() does.
void clean_texts(Row& row);

/// A field as it is: empty, text, yes or no, a count, a figure.
using FieldValue = std::variant<std::monostate, std::string, bool, std::uint64_t, double>;
/// A row as values, in the order of the columns.
[[nodiscard]] std::vector<FieldValue> values_of(const Row& row);

/// At most 6 significant digits, or the whole part where it has more; never an exponent for
/// figures from 0.0001 up.
[[nodiscard]] std::string format_figure(double figure);

}  // namespace urb
