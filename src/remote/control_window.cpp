#include "remote/control_window.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/assert.hpp"

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const Counts& counts) {
  return {
#define URB_COUNTER(name) {#name, counts.name},
#include "stats/counters.inc"
  };
}

Json json_of(const ProcessSample& begin, const ProcessSample& end) {
  const ProcessUse use = use_of(begin, end);
  return {{"role", end.role == ProcessRole::master ? "master" : "worker"},
          {"pid", end.pid},
          {"replaced", begin.pid != end.pid},
          {"cpu_s", json_of(use.total_s)},
          {"iowq_cpu_s", json_of(use.iowq_s)},
          {"context_switches", json_of(use.context_switches)},
          {"counts", json_of(use.counts)}};
}

Json json_of(const std::optional<HostUse>& host) {
  if (!host) return nullptr;
  return {{"cpus_s", host->capacity_s},    {"busy_s", host->busy_s},
          {"own_s", host->own_s},          {"interrupts_s", host->interrupts_s},
          {"steal_s", host->steal_s},      {"foreign_s", host->foreign_s},
          {"busiest_other", host->busiest}};
}

}  // namespace

std::string format_window(const WindowSample& begin, const WindowSample& end,
                          const std::optional<HostUse>& host, const MemorySample& memory,
                          const ServerLedger& ledger) {
  URB_ASSERT(begin.processes.size() == end.processes.size());
  Json processes = Json::array();
  for (std::size_t index = 0; index < end.processes.size(); ++index) {
    processes.push_back(json_of(begin.processes[index], end.processes[index]));
  }
  Json window = nullptr;
  if (begin.books.time && end.books.time) {
    window = to_seconds(end.books.time->at - begin.books.time->at);
  }
  const Json json{
      {"window_s", std::move(window)},
      {"processes", std::move(processes)},
      {"host", json_of(host)},
      {"memory_kb",
       {{"master", json_of(memory.master)},
        {"workers", json_of(memory.workers)},
        {"sockets", json_of(memory.sockets)}}},
      {"since_start", {{"requests", ledger.requests}, {"body_bytes", ledger.body_bytes}}}};
  // Names of processes need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ControlWindow::carry_out(ControlOrder order) {
  if (order == ControlOrder::begin) {
    begin_ = sample_window_begin(server_.processes(), scope_);
    const auto& time = begin_->books.time;
    return Json{{"begun_at_s", time ? Json(to_seconds(time->at)) : Json(nullptr)}}.dump();
  }
  if (!begin_) return {};
  const WindowSample end = sample_window_end(server_.processes(), scope_);
  const WindowSample begin = *std::exchange(begin_, std::nullopt);
  return format_window(begin, end, host_use(begin, end, scope_), sample_memory(server_.processes()),
                       read_ledger(server_.processes()));
}

}  // namespace urb
