// The requests of one load: what each of them sends, and what its answer has to say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "load/generator.hpp"
#include "load/request_image.hpp"

namespace urb {

/// One request, sent any number of times.
struct LoadRequest {
  RequestImage image;
  std::optional<std::uint32_t> crc32c;       ///< of its body, which the answer has to name
  std::optional<std::uint32_t> body_digest;  ///< of its body, which our server names unasked
  std::optional<unsigned> worker;            ///< that its key belongs to
  std::string_view expected_text = {};       ///< of the options
  bool is_small = false;                     ///< of a mix, and of its smallest size
  std::string tls_name = {};                 ///< that a connection made for it asks for (SNI)
  [[nodiscard]] bool has_fields() const noexcept { return crc32c || body_digest || worker; }
};

/// Built before the load, and read-only except for the choice of the next one.
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
  /// Requests of the load that differ in their bodies: about so many for all keys together.
  static constexpr std::size_t kBodies = 16;
  /// Larger bodies are never digested whole: before the load it would take longer than a second.
  static constexpr std::uint64_t kWholeBytesMax = std::uint64_t{1} << 30;

  /// The next request of the load. With keys it is one of them at random, not in turn. A server may
  /// deal out its connections in turn. In step with it all keys or none would be right by accident.
  /// Its body is random too. One request of BodyDigest::kWholeShare, at a random place among them,
  /// has a body that is digested whole.
  [[nodiscard]] const LoadRequest& next() noexcept;
  /// Of all that next() may return.
  [[nodiscard]] Bytes largest_body() const noexcept { return largest_body_; }

 private:
  [[nodiscard]] std::size_t next_body() noexcept;

  // By key, within a key by size, and within a size by body. The first body of each is digested
  // whole. Pointers, since an image cannot move.
  std::vector<std::unique_ptr<LoadRequest>> requests_;
  std::vector<std::unique_ptr<LoadRequest>> verifications_;
  std::size_t keys_ = 1;
  std::size_t sizes_ = 1;   ///< of each key
  std::size_t bodies_ = 1;  ///< of each size
  Bytes largest_body_;
  std::optional<MixOrder> mix_order_;
  std::uint64_t turn_ = 0;  ///< within the requests of which one is digested whole
  std::uint64_t whole_turn_ = 0;
  std::minstd_rand random_;
};

}  // namespace urb
