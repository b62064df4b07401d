// What `load` measured, as a row for --json: the columns of the CSV, without those that only the
// server could tell.
#pragma once

#include "base/units.hpp"
#include "load/generator.hpp"
#include "probe/host.hpp"
#include "report/row.hpp"

namespace urb {

/// A row without figures and with the reason when there were errors or no request. `order` from 1.
[[nodiscard]] Row make_load_row(const LoadOptions& load, const LoadResult& result, Nanos client_cpu,
                                const Host& host, std::uint64_t order);

}  // namespace urb
