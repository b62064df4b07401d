#include "micro/ring_loop.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "base/error.hpp"
#include "micro/bpf.hpp"
#include "micro/hop.hpp"
#include "micro/ring_loop_code.hpp"

namespace urb {
namespace {

// A map of operations has to name types of a program's own. These are one integer.
Fd load_any_types() {
  struct {
    std::uint16_t magic = 0xeb9f;
    std::uint8_t version = 1, flags = 0;
    std::uint32_t header_bytes = 24, types_at = 0, types_bytes = 16;
    std::uint32_t strings_at = 16, strings_bytes = 5;
    std::uint32_t name = 1, info = 1U << 24U, bytes = 4, bits = 32;
    char strings[8] = "\0int";
  } types;
  bpf_attr attributes{};
  attributes.btf = reinterpret_cast<std::uintptr_t>(&types);
  attributes.btf_size = types.header_bytes + types.types_bytes + types.strings_bytes;
  return Fd{Adopt{}, call_bpf(BPF_BTF_LOAD, attributes, "BPF_BTF_LOAD")};
}

Fd make_operations_map(const LoopTypes& types) {
  const Fd any_types = load_any_types();
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_STRUCT_OPS;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = types.value_bytes;
  attributes.max_entries = 1;
  attributes.btf_fd = static_cast<std::uint32_t>(any_types.get());
  attributes.btf_vmlinux_value_type_id = types.value;
  return Fd{Adopt{}, call_bpf(BPF_MAP_CREATE, attributes, "BPF_MAP_CREATE of operations")};
}

}  // namespace

void RingLoop::Unmap::operator()(RingLoopState* state) const noexcept {
  munmap(state, sizeof(RingLoopState));
}

RingLoop::RingLoop(Ring& ring) : ring_{ring} {
  const LoopTypes types = find_loop_types();
  state_map_ = make_shared_value_map(sizeof(RingLoopState));
  void* const memory =
      mmap(nullptr, sizeof(RingLoopState), PROT_READ | PROT_WRITE, MAP_SHARED, state_map_.get(), 0);
  if (memory == MAP_FAILED) throw_errno("mmap of a map");
  state_.reset(static_cast<RingLoopState*>(memory));
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_STRUCT_OPS;
  attributes.attach_btf_id = types.operations;
  attributes.expected_attach_type = 0;  // its first member: loop_step
  attributes.prog_flags = BPF_F_SLEEPABLE;
  program_ = load_bpf_program(write_ring_loop(types, *ring.raw(), state_map_.get()), attributes);
  operations_ = make_operations_map(types);
  // struct io_uring_bpf_ops: the program's descriptor, then the ring's.
  std::vector<std::byte> value(types.value_bytes);
  const std::uint64_t program = static_cast<std::uint64_t>(program_.get());
  const auto ring_fd = static_cast<std::uint32_t>(ring.raw()->ring_fd);
  std::memcpy(&value.at(types.data_offset), &program, sizeof program);
  std::memcpy(&value.at(types.data_offset + sizeof program), &ring_fd, sizeof ring_fd);
  update_bpf_map(operations_.get(), 0, value.data());
}

RingLoop::~RingLoop() {
  if (operations_.is_open()) delete_from_bpf_map(operations_.get(), 0);
}

void RingLoop::copy(int source, int target, std::span<std::byte> buffer, std::uint64_t bytes) {
  state_->buffer = reinterpret_cast<std::uintptr_t>(buffer.data());
  state_->buffer_bytes = static_cast<std::uint32_t>(buffer.size());
  state_->left = bytes;
  state_->source = static_cast<std::uint32_t>(source);
  state_->target = static_cast<std::uint32_t>(target);
  state_->is_in_flight = 0;
  state_->error = 0;
  const auto* const raw = ring_.raw();
  const int result =
      io_uring_enter(static_cast<unsigned>(raw->ring_fd), 0, 0, IORING_ENTER_GETEVENTS, nullptr);
  if (result < 0) throw SysError("io_uring_enter with a loop", -result);
  if (state_->error == -EPIPE || state_->left != 0) throw std::runtime_error(kHopBroken);
  if (state_->error < 0) throw SysError("a request of the loop", -state_->error);
}

std::uint64_t RingLoop::request_count() const noexcept { return state_->request_count; }

}  // namespace urb
