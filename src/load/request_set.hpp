// The requests of one load: what each of them sends, and what its answer has to say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "load/generator.hpp"
#include "load/request_image.hpp"

namespace urb {

/// One request, sent any number of times.
struct LoadRequest {
  RequestImage image;
  std::optional<std::uint32_t> crc32c;  ///< of its body, which the answer has to name
  std::optional<unsigned> worker;       ///< that its key belongs to
  [[nodiscard]] bool has_fields() const noexcept {
    return crc32c.has_value() || worker.has_value();
  }
};

/// Built before the load, and read-only except for the choice of keys.
class RequestSet {
 public:
  /// Bodies of the requests that verify the connections: the load's size, but this at most.
  static constexpr std::uint64_t kVerificationBytesMax = 1 << 20;
  /// They differ, so that connections whose bytes were mixed up do not both look right.
  static constexpr unsigned kVerificationBodies = 4;

  /// Throws UsageError for what could not be sent as HTTP.
  explicit RequestSet(const LoadOptions& options);

  /// The one that verifies the connection of this index. Only where the options verify.
  [[nodiscard]] const LoadRequest& verification(std::uint32_t connection_index) const noexcept;
  /// The next request of the load. With keys it is one of them at random, not in turn. A server may
  /// deal out its connections in turn. In step with it all keys or none would be right by accident.
  [[nodiscard]] const LoadRequest& next() noexcept;

 private:
  // Pointers, since an image cannot move.
  std::vector<std::unique_ptr<LoadRequest>> requests_;
  std::vector<std::unique_ptr<LoadRequest>> verifications_;
  std::minstd_rand random_;
};

}  // namespace urb
