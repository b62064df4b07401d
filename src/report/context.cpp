#include "report/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <type_traits>

#include "report/builds.hpp"
#include "report/guest.hpp"
#include "report/releases.hpp"

namespace urb {
namespace {

using Rows = std::vector<const Row*>;

template <class Values>
std::string join(const Values& values) {
  return fmt::format("{}", fmt::join(values, ", "));
}

// The values of a column in order of appearance, each once.
template <class Field>
std::string distinct(const Rows& rows, Field Row::*column) {
  std::vector<std::string> values;
  for (const Row* const row : rows) {
    std::string value;
    if constexpr (std::is_same_v<Field, std::string>) {
      value = row->*column;
    } else if constexpr (std::is_same_v<Field, Row::Count>) {
      if (row->*column) value = fmt::format("{}", *(row->*column));
    } else {
      value = fmt::format("{}", row->*column);
    }
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(std::move(value));
    }
  }
  return join(values);
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string describe_rows(const Rows& rows) {
  std::set<std::string_view> runs;
  std::set<std::string_view> days;
  std::size_t without_figures = 0;
  std::uint64_t repeats = 0;
  for (const Row* const row : rows) {
    runs.insert(row->run_id);
    if (!row->started_at.empty()) days.insert(std::string_view{row->started_at}.substr(0, 10));
    without_figures += row->status == Status::ok ? 0 : 1;
    repeats = std::max(repeats, row->repeat);
  }
  std::string text =
      fmt::format("{} of {}, {} without figures, up to {}", rows.size(), plural(runs.size(), "run"),
                  without_figures, plural(repeats, "repeat"));
  if (!days.empty()) text += fmt::format(", {}", *days.begin());
  if (days.size() > 1) text += fmt::format(" to {}", *days.rbegin());
  return text;
}

// Loopback is what everybody assumes.
std::string other_links(const Rows& rows) {
  const std::string links = distinct(rows, &Row::link);
  return links == "lo" ? "" : links;
}

}  // namespace

std::string title_of(const Section& section) {
  const Row& first = *section.rows.front();
  if (section.is_count) {
    std::string title = fmt::format("Instructions by kernel, method {}", first.method);
    // The first rows of a section may be of a boot that failed.
    const std::string compilers = distinct(section.rows, &Row::kernel_compiler);
    if (!compilers.empty()) title += fmt::format(", {}", short_compiler(compilers));
    if (const std::string cpu = guest_field(first, "cpu"); !cpu.empty()) title += ", " + cpu;
    return title;
  }
  return fmt::format("Linux {}, method {}", first.kernel, first.method);
}

std::vector<std::pair<std::string, std::string>> context_of(const Section& section) {
  const Rows& rows = section.rows;
  std::set<std::string> virtual_machines;
  for (const Row* const row : rows) virtual_machines.insert(virtual_machine(*row));
  virtual_machines.erase("");
  const std::string cpus = distinct(rows, &Row::cpus);
  const std::string model = distinct(rows, &Row::cpu_model);
  std::vector<std::pair<std::string, std::string>> context{
      {section.is_count ? "kernels" : "kernel", join(kernels_in_order(rows))},
      {"CPU", cpus.empty() ? model : fmt::format("{} × {}", cpus, model)},
      {"accelerator", distinct(rows, &Row::accelerator)},
      {"virtual machine", join(virtual_machines)},
      {"compiler", distinct(rows, &Row::kernel_compiler)},
      {"kernel options", options_by_kernel(rows)},
      {"CPU flags", distinct(rows, &Row::cpu_flags)}};
  if (!section.is_count) {
    context.insert(context.end(), {{"machine", distinct(rows, &Row::machine)},
                                   {"mitigations", distinct(rows, &Row::mitigations)},
                                   {"loopback MTU", distinct(rows, &Row::lo_mtu)},
                                   {"server's host", distinct(rows, &Row::server_host)},
                                   {"client's host", distinct(rows, &Row::client_host)},
                                   {"link", other_links(rows)}});
  }
  context.insert(context.end(), {{"uring-bench", distinct(rows, &Row::tool)},
                                 {"method", distinct(rows, &Row::method)},
                                 {"features", distinct(rows, &Row::features)},
                                 {"rows", describe_rows(rows)}});
  std::erase_if(context, [](const auto& item) { return item.second.empty(); });
  return context;
}

}  // namespace urb
