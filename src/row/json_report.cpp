// One object; the columns' names come from the row.
#include "row/json_report.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text_json(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json to_json(const FieldValue& value) {
  return std::visit(
      [](const auto& field) {
        if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::monostate>) {
          return Json(nullptr);
        } else {
          return Json(field);
        }
      },
      value);
}

Json to_json(const Host& host) {
  return {{"kernel", host.kernel},
          {"machine", host.machine},
          {"accelerator",
           host.accelerator ? Json(std::string{name_of(*host.accelerator)}) : Json(nullptr)},
          {"cpu_model", text_json(host.cpu_model)},
          {"cpus", host.cpus},
          {"mitigations", host.mitigations},
          {"lo_mtu", optional_json(host.lo_mtu)},
          {"load_average", optional_json(host.load_average)},
          {"governor", text_json(host.governor)},
          {"smt", optional_json(host.smt)},
          {"boot_id", text_json(host.settings.boot_id)},
          {"kernel_compiler", text_json(host.settings.kernel_compiler)},
          {"kernel_config", text_json(host.settings.kernel_config)},
          {"cpu_flags", text_json(host.settings.cpu_flags)},
          {"hz", optional_json(host.settings.hz)},
          {"preemption", text_json(host.settings.preemption)},
          {"irq_accounting", text_json(host.settings.irq_accounting)},
          {"tcp_congestion", text_json(host.settings.tcp_congestion)}};
}

Json to_json(const Warnings& warnings) {
  Json list = Json::array();
  for (const Warning warning : warnings) {
    list.push_back({{"name", name_of(warning)}, {"text", text_of(warning)}});
  }
  return list;
}

Json to_json(const JsonRounds& rounds) {
  Json groups = Json::array();
  for (const JsonRounds::Group& group : rounds.groups) {
    groups.push_back({{"name", group.name},
                      {"body_bytes", group.body_bytes},
                      {"reuse", group.reuse},
                      {"rounds", group.rounds},
                      {"deviation", optional_json(group.deviation)},
                      {"reached", group.reached}});
  }
  return {{"precision", rounds.precision},
          {"budget_s", rounds.budget_s},
          {"beyond_repeats_s", rounds.beyond_repeats_s},
          {"disturbed_trials", rounds.disturbed},
          {"groups", std::move(groups)}};
}

Json to_json(const JsonTrial& trial) {
  Json row = Json::object();
  const std::vector<FieldValue> values = values_of(trial.row);
  for (std::size_t column = 0; column < values.size(); ++column) {
    row[column_names()[column]] = to_json(values[column]);
  }
  return {{"row", std::move(row)},
          {"latency_histogram", text_json(trial.latency)},
          {"service_histogram", text_json(trial.service)}};
}

}  // namespace

std::string format_json_report(const JsonContext& context, const std::vector<JsonTrial>& trials,
                               bool interrupted) {
  Json list = Json::array();
  for (const JsonTrial& trial : trials) list.push_back(to_json(trial));
  const Json json{{"format", "uring-bench-run-1"},
                  {"command", context.command},
                  {"run_id", context.run_id},
                  {"tool", context.tool},
                  {"arguments", context.arguments},
                  {"host", to_json(context.host)},
                  {"build",
                   {{"optimised", context.build.optimised},
                    {"sanitized", context.build.sanitized},
                    {"dirty", context.build.dirty}}},
                  {"warnings", to_json(context.warnings)},
                  {"trials_planned", context.planned},
                  {"rounds", to_json(context.rounds)},
                  {"interrupted", interrupted},
                  {"trials", std::move(list)}};
  // Arguments need not be UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace urb
