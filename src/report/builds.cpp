#include "report/builds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "report/releases.hpp"

namespace urb {

std::string short_compiler(std::string_view compiler) {
  const std::size_t space = compiler.rfind(' ');
  const std::string_view version =
      space == std::string_view::npos ? std::string_view{} : compiler.substr(space + 1);
  if (version.empty() || std::isdigit(static_cast<unsigned char>(version.front())) == 0) {
    return std::string{compiler};
  }
  const bool is_clang = compiler.find("clang") != std::string_view::npos;
  return fmt::format("{} {}", is_clang ? "clang" : "gcc", version);
}

Compilers::Compilers(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (!row.kernel_compiler.empty()) known_[row.kernel].insert(row.kernel_compiler);
  }
}

std::string Compilers::of(const Row& row) const {
  const auto known = known_.find(row.kernel);
  const bool is_one = known != known_.end() && known->second.size() == 1;
  return row.kernel_compiler.empty() && is_one ? *known->second.begin() : row.kernel_compiler;
}

std::string describe_options(const Row& row) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    if (part.empty()) return;
    text += text.empty() ? "" : ", ";
    text += part;
  };
  if (!row.preemption.empty()) add("preemption " + row.preemption);
  if (row.hz) add(fmt::format("{} Hz", *row.hz));
  std::string_view rest = row.kernel_config;
  while (!rest.empty()) {
    const std::string_view option = rest.substr(0, rest.find(';'));
    // The digest, which is another one for each version, has no name.
    if (option.find('=') != std::string_view::npos) add(option);
    rest.remove_prefix(std::min(option.size() + 1, rest.size()));
  }
  // Only the configuration says it, and where that is missing the kernel itself says little.
  if (!text.empty() && row.irq_accounting.empty()) add("others unknown");
  return text;
}

std::string options_by_kernel(const std::vector<const Row*>& rows) {
  const std::vector<std::string> kernels = kernels_in_order(rows);
  std::vector<std::pair<std::string, std::string>> groups;  // options, and their kernels
  for (const std::string& kernel : kernels) {
    std::set<std::string> found;
    for (const Row* const row : rows) {
      if (row->kernel == kernel) found.insert(describe_options(*row));
    }
    if (found.size() > 1) found.erase("");  // of boots that failed
    const std::string options = fmt::format("{}", fmt::join(found, " or "));
    const std::string name = short_release(kernel, kernels);
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return group.first == options; });
    if (same == groups.end()) {
      groups.emplace_back(options, name);
    } else {
      same->second += ", " + name;
    }
  }
  if (groups.size() == 1) return groups.front().first;
  std::string text;
  for (const auto& [options, names] : groups) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", names,
                        options.empty() ? "unknown" : options);
  }
  return text;
}

}  // namespace urb
