// Clients of a run that are elsewhere: what their options mean, and who they turn out to be.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "experiment/trial.hpp"
#include "probe/host.hpp"
#include "remote/client_crew.hpp"

namespace urb {

/// Where the servers of a run listen: one address that the client is to reach. Throws BadValue.
[[nodiscard]] Address parse_trial_address(const std::string& typed);
/// What is between the servers and a client here, for the column; empty where it is not known.
[[nodiscard]] std::string link_here(const Address& listen);
/// Starts the clients before the first trial, and finds out whether they are of this version. Makes
/// them those of `setup`, with the hosts in its row. Adds a line to `notes`.
[[nodiscard]] std::unique_ptr<ClientCrew> call_clients(const std::vector<std::string>& via,
                                                       TrialSetup& setup, const Host& host,
                                                       std::string& notes);

}  // namespace urb
