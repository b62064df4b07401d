// Zeroed memory that begins at a page, as shared memory does.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace urb::test {

inline constexpr std::align_val_t kPage{4096};

struct PageBytesDelete {
  void operator()(std::byte* bytes) const noexcept { operator delete[](bytes, kPage); }
};
using PageBytes = std::unique_ptr<std::byte[], PageBytesDelete>;

inline PageBytes make_page_bytes(std::size_t size) {
  return PageBytes{new (kPage) std::byte[size]{}};
}

}  // namespace urb::test
