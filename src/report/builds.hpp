// What built the kernels of rows: two kernels differ in more than their version.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// "gcc 14.2.0" of "x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0"; the whole text where no
/// version stands at its end.
[[nodiscard]] std::string short_compiler(std::string_view compiler);

/// Where no row of a kernel says its compiler, as of a boot that failed, it is empty. Where the
/// others of that kernel name one, it is that one.
class Compilers {
 public:
  explicit Compilers(const std::vector<Row>& rows);
  [[nodiscard]] std::string of(const Row& row) const;

 private:
  std::map<std::string, std::set<std::string>> known_;  ///< by kernel
};

/// "preemption dynamic:lazy, 250 Hz, UBSAN=y": the options that cost time, as far as they are
/// known, without the digest of all.
[[nodiscard]] std::string describe_options(const Row& row);

/// "6.12.118: …; 6.16.12, 6.17.13: …": kernels by version, those with the same options together.
[[nodiscard]] std::string options_by_kernel(const std::vector<const Row*>& rows);

}  // namespace urb
