#include "cli/far_clients.hpp"

#include <errno.h>
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "cli/flags.hpp"
#include "cli/version.hpp"
#include "probe/link.hpp"
#include "probe/namespaces.hpp"
#include "remote/merged_load.hpp"

namespace urb {
namespace {

std::string program_path() {
  std::string typed = program_invocation_name;
  // From PATH here, and so there too.
  if (typed.find('/') == std::string::npos) return typed;
  return std::filesystem::canonical("/proc/self/exe").string();
}

}  // namespace

Address parse_trial_address(const std::string& typed) {
  const Address address = value_or_throw(parse_address(typed));
  const std::string text = format_address(address);
  if (text.starts_with("0.0.0.0:") || text.starts_with("[::]:"))
    throw BadValue("give the one address that the client is to reach");
  return address;
}

std::string link_here(const Address& listen) {
  const std::optional<Link> link = probe_link(listen);
  return link ? format_link(*link) : "";
}

std::unique_ptr<ClientCrew> call_clients(const std::vector<std::string>& via, TrialSetup& setup,
                                         const Host& host, std::string& notes) {
  static_cast<void>(split_load(setup.load, via.size()));  // enough for each
  auto crew = std::make_unique<ClientCrew>(CrewSetup{.via = via,
                                                     .program = program_path(),
                                                     .version = kVersion,
                                                     .boot_id = host.settings.boot_id,
                                                     .listen = setup.server.listen});
  crew->make_ready();
  setup.far = crew.get();
  setup.row.server_host = own_host_name();
  setup.row.client_host = crew->hosts();
  notes += fmt::format("The server is on {}, the client{} on {}\n", setup.row.server_host,
                       via.size() == 1 ? "" : "s", setup.row.client_host);
  return crew;
}

}  // namespace urb
