// Nothing is written before the end, and then the whole.
#include "cli/json_output.hpp"

#include <utility>

#include "process/whole_file.hpp"

namespace urb {

JsonOutput::JsonOutput(std::optional<std::string> path, JsonContext context)
    : path_{std::move(path)}, context_{std::move(context)} {
  if (!path_) return;
  require_writable(*path_);
}

void JsonOutput::keep(const Row& row, const Histogram& latency, const Histogram& service) {
  if (!path_) return;
  JsonTrial trial{row, {}, {}};
  if (row.status == Status::ok) {
    trial.latency = latency.encoded();
    if (row.rate_requested) trial.service = service.encoded();
  }
  trials_.push_back(std::move(trial));
}

void JsonOutput::write(std::size_t planned, bool interrupted, JsonRounds rounds) {
  if (!path_) return;
  context_.planned = planned;
  context_.rounds = std::move(rounds);
  write_whole(*path_, format_json_report(context_, trials_, interrupted));
}

}  // namespace urb
