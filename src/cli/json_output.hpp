// `--json` of the commands that measure: collects trials, and writes them at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "row/json_report.hpp"

namespace urb {

class JsonOutput {
 public:
  /// Does nothing, ever, without `path`. Throws SysError when the file could not be written later.
  JsonOutput(std::optional<std::string> path, JsonContext context);

  /// `service` counts in the open loop only.
  void keep(const Row& row, const Histogram& latency, const Histogram& service);
  /// Of those that were kept.
  [[nodiscard]] std::size_t trial_count() const noexcept { return trials_.size(); }
  /// The whole document, also after an interruption. Throws SysError.
  void write(std::size_t planned, bool interrupted, JsonRounds rounds);

 private:
  std::optional<std::string> path_;
  JsonContext context_;
  std::vector<JsonTrial> trials_;
};

}  // namespace urb
