#include "report/reproduction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/text.hpp"
#include "report/guest.hpp"

namespace urb {
namespace {

void add(std::string& command, std::string_view option, const std::string& value) {
  if (!value.empty()) command += fmt::format(" {} {}", option, quote_for_shell(value));
}

// The measured time was that of the slowest request too: two digits are what was asked for.
std::string duration_of(const Cell& cell) {
  const Row::Figure seconds = cell.median(&Row::duration_s);
  if (!seconds || *seconds <= 0) return "";
  const double rounded = std::strtod(fmt::format("{:.2g}", *seconds).c_str(), nullptr);
  const auto milliseconds = std::llround(rounded * 1e3);
  return milliseconds == 0 ? "" : format_duration(std::chrono::milliseconds{milliseconds});
}

std::string options_of(const Cell& cell, const Setting& setting) {
  const auto value = [&setting](const char* column) { return value_of(setting.values, column); };
  std::string options;
  add(options, "--relay", cell.relay);
  const std::string mix = value("body_mix");
  add(options, "--body", mix.empty() ? format_bytes(cell.body) : mix);
  add(options, "--reuse", cell.reuse ? "yes" : "no");
  for (const char* const name : {"workers", "connections", "buffers"}) {
    add(options, fmt::format("--{}", name), value(name));
  }
  add(options, "--policy", cell.policy);
  add(options, "--response", value("response_bytes"));
  add(options, "--rate", value("rate_requested"));
  // "sni", or with what else there is: "sni+resume". What `load` has met is none of ours.
  const std::string& tls = cell.tls;
  if (const std::string who = tls.substr(0, tls.find('+')); !tls.empty() && who != "off") {
    add(options, "--tls", who);
    if (tls.find("+resume") != std::string::npos) options += " --tls-resume";
  }
  if (value("client") != "builtin") add(options, "--client", value("client"));
  if (value("pinning") != "none" && !value("pinning").empty()) options += " --pin auto";
  if (value("client") == "builtin") add(options, "--duration", duration_of(cell));
  return options;
}

}  // namespace

std::string command_of(const Cell& cell, const Setting& setting) {
  const Row* const first = cell.rows.empty() ? nullptr : &cell.rows.front();
  std::string repeats;
  if (first != nullptr) {
    std::uint64_t most = 1;
    for (const Row& row : cell.rows) most = std::max(most, row.repeat);
    repeats = fmt::format(" --repeats {}", most);
  }
  // In the virtual machines of a sweep.
  const bool is_swept = first != nullptr && !guest_field(*first, "qemu").empty();
  const std::string sweep =
      fmt::format("uring-bench sweep --kernel {} --accel {}{} -- ",
                  quote_for_shell("/boot/vmlinuz-" + cell.kernel),
                  is_swept ? quote_for_shell(first->accelerator) : "", repeats);
  if (setting.is_operations) {
    constexpr std::string_view kPrefix = "micro-";
    const std::string name = quote_for_shell(cell.mode.substr(kPrefix.size()));
    return is_swept ? sweep + "micro " + name : "uring-bench micro " + name + repeats;
  }
  if (!is_own_mode(cell.mode)) return "";
  if (is_swept) return sweep + cell.mode + options_of(cell, setting);
  return "uring-bench " + cell.mode + options_of(cell, setting) + repeats;
}

}  // namespace urb
