#include "cli/load_targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/error.hpp"
#include "cli/messages.hpp"
#include "cli/redaction.hpp"
#include "probe/loopback.hpp"

namespace urb {
namespace {

Target find_load_target(const std::string& typed, ClientKind client) {
  auto parsed = parse_url(typed);
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    throw UsageError(fmt::format("{}: {}", hide_user(typed), error->message));
  }
  Target target{std::get<Url>(std::move(parsed)), redact_urls(typed)};
  Url& url = target.url;
  if (client == ClientKind::ab && url.address.is_unix()) {
    throw UsageError("--client ab knows no Unix sockets; leave it out");
  }
  const bool needs_loopback = url.name.empty() && url.address.is_loopback();
  if (const std::string down = needs_loopback ? find_loopback_down() : ""; !down.empty()) {
    throw Unsupported(down);
  }
  const Address found = find_server_address(url);
  if (!url.name.empty()) {
    print_error(fmt::format("{} is {}", url.name, format_address(found)));
  } else if (found.family() != url.address.family()) {
    print_error(fmt::format("localhost is {} here: nothing listens on {}", format_address(found),
                            format_address(url.address)));
  }
  url.address = found;
  return target;
}

}  // namespace

std::vector<Target> find_targets(const std::vector<std::string>& urls, ClientKind client) {
  std::vector<Target> targets;
  for (const std::string& url : urls) {
    Target target = find_load_target(url, client);
    const bool is_there = std::any_of(targets.begin(), targets.end(), [&](const Target& other) {
      return other.shown == target.shown;
    });
    if (is_there) {
      throw UsageError(fmt::format("{} is there twice, as the rows would name it", target.shown));
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace urb
