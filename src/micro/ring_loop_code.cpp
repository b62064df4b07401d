#include "micro/ring_loop_code.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

#include "base/error.hpp"
#include "micro/kernel_types.hpp"
#include "micro/ring_loop.hpp"

namespace urb {
namespace {

constexpr std::int32_t kReceived = 1;  // user_data
constexpr std::int32_t kSent = 2;
constexpr std::int32_t kGoOn = 0;  // io_uring/loop.h
constexpr std::int32_t kStop = 1;
constexpr std::int32_t kRegionOfRings = 1;  // io_uring/bpf-ops.h
constexpr std::int32_t kRegionOfRequests = 2;
constexpr std::int32_t kRequestBytes = sizeof(io_uring_sqe);
constexpr std::int32_t kCompletionShift = 4;  // io_uring_cqe has 16 bytes

// Where the parts of a ring are, from the beginning of the memory that the kernel maps.
struct RingLayout {
  std::size_t cq_head, cq_tail, cqes, sq_tail;
  std::int32_t cq_mask, sq_mask;
};
RingLayout layout_of(const io_uring& ring) noexcept {
  const auto* const begin = static_cast<const std::byte*>(ring.cq.ring_ptr);
  const auto offset_of = [begin](const void* part) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(part) - begin);
  };
  return {.cq_head = offset_of(ring.cq.khead),
          .cq_tail = offset_of(ring.cq.ktail),
          .cqes = offset_of(ring.cq.cqes),
          .sq_tail = offset_of(ring.sq.ktail),
          .cq_mask = static_cast<std::int32_t>(ring.cq.ring_mask),
          .sq_mask = static_cast<std::int32_t>(ring.sq.ring_mask)};
}

#define URB_STATE(member) offsetof(RingLoopState, member)

using enum BpfRegister;
constexpr BpfRegister kContext = r6;
constexpr BpfRegister kRequests = r7;
constexpr BpfRegister kRings = r8;
constexpr BpfRegister kParameters = r9;
constexpr BpfRegister kState = r5;  // is loaded again behind each call

void get_region(BpfCode& code, const LoopTypes& types, BpfRegister to, std::int32_t region,
                std::int32_t bytes) {
  code.set(r1, kContext);
  code.set(r2, region);
  code.set(r3, bytes);
  code.call_kernel(types.region);
  code.jump_if(BPF_JEQ, r0, 0, "stop");
  code.set(to, r0);
}

// r3 becomes the cleared request at the tail, and the tail goes on.
void take_request(BpfCode& code, const RingLayout& ring) {
  constexpr std::int32_t kRequestShift = 6;
  static_assert(1 << kRequestShift == kRequestBytes);
  code.load(BPF_W, r1, kRings, ring.sq_tail);
  code.set(r2, r1);
  code.compute(BPF_AND, r2, ring.sq_mask);
  code.compute(BPF_LSH, r2, kRequestShift);
  code.set(r3, kRequests);
  code.compute(BPF_ADD, r3, r2);
  code.compute(BPF_ADD, r1, 1);
  code.store(BPF_W, kRings, ring.sq_tail, r1);
  for (std::size_t at = 0; at < sizeof(io_uring_sqe); at += 8) code.store(BPF_DW, r3, at, 0);
}

// On a completion: it is consumed, r2 has its user_data and r3 its result.
void take_completion(BpfCode& code, const RingLayout& ring) {
  code.set(r3, r1);
  code.compute(BPF_AND, r3, ring.cq_mask);
  code.compute(BPF_LSH, r3, kCompletionShift);
  code.set(r4, kRings);
  code.compute(BPF_ADD, r4, r3);
  code.load(BPF_DW, r2, r4, ring.cqes + offsetof(io_uring_cqe, user_data));
  code.load(BPF_W, r3, r4, ring.cqes + offsetof(io_uring_cqe, res));
  code.compute(BPF_ADD, r1, 1);
  code.store(BPF_W, kRings, ring.cq_head, r1);
  code.store(BPF_W, kState, URB_STATE(is_in_flight), 0);
}

void add_receive(BpfCode& code, const RingLayout& ring) {
  take_request(code, ring);
  code.store(BPF_B, r3, offsetof(io_uring_sqe, opcode), IORING_OP_RECV);
  code.load(BPF_W, r1, kState, URB_STATE(source));
  code.store(BPF_W, r3, offsetof(io_uring_sqe, fd), r1);
  code.load(BPF_DW, r1, kState, URB_STATE(buffer));
  code.store(BPF_DW, r3, offsetof(io_uring_sqe, addr), r1);
  code.load(BPF_DW, r1, kState, URB_STATE(left));
  code.load(BPF_W, r2, kState, URB_STATE(buffer_bytes));
  code.jump_if(BPF_JLE, r1, r2, "all of it");
  code.set(r1, r2);
  code.place("all of it");
  code.store(BPF_W, r3, offsetof(io_uring_sqe, len), r1);
  code.store(BPF_DW, r3, offsetof(io_uring_sqe, user_data), kReceived);
}

void add_send(BpfCode& code, const RingLayout& ring) {
  take_request(code, ring);
  code.store(BPF_B, r3, offsetof(io_uring_sqe, opcode), IORING_OP_SEND);
  code.load(BPF_W, r1, kState, URB_STATE(target));
  code.store(BPF_W, r3, offsetof(io_uring_sqe, fd), r1);
  code.load(BPF_DW, r1, kState, URB_STATE(buffer));
  code.load(BPF_W, r2, kState, URB_STATE(sent));
  code.compute(BPF_ADD, r1, r2);
  code.store(BPF_DW, r3, offsetof(io_uring_sqe, addr), r1);
  code.load(BPF_W, r1, kState, URB_STATE(received));
  code.compute(BPF_SUB, r1, r2);
  code.store(BPF_W, r3, offsetof(io_uring_sqe, len), r1);
  code.store(BPF_W, r3, offsetof(io_uring_sqe, msg_flags), MSG_NOSIGNAL);
  code.store(BPF_DW, r3, offsetof(io_uring_sqe, user_data), kSent);
}

}  // namespace

LoopTypes find_loop_types() {
  const KernelTypes types = KernelTypes::read();
  const auto operations = types.find("io_uring_bpf_ops", TypeKind::structure);
  const auto value = types.find("bpf_struct_ops_io_uring_bpf_ops", TypeKind::structure);
  const auto submit = types.find("bpf_io_uring_submit_sqes", TypeKind::function);
  const auto region = types.find("bpf_io_uring_get_region", TypeKind::function);
  const auto data = operations && value ? types.offset_of(*value, *operations) : std::nullopt;
  if (!data || !submit || !region) {
    throw Unsupported(
        "the io_uring of this kernel runs no program as its loop: that needs Linux 7.1 and "
        "CONFIG_IO_URING_BPF_OPS");
  }
  return {*operations, *value, types.size_of(*value), *data, *submit, *region};
}

BpfCode write_ring_loop(const LoopTypes& types, const io_uring& its_ring, int state_map) {
  const RingLayout ring = layout_of(its_ring);
  BpfCode code;
  code.load(BPF_DW, kContext, r1, 0);  // the arguments
  code.load(BPF_DW, kParameters, r1, 8);
  get_region(code, types, kRequests, kRegionOfRequests, (ring.sq_mask + 1) * kRequestBytes);
  get_region(code, types, kRings, kRegionOfRings,
             static_cast<std::int32_t>(ring.cqes) + ((ring.cq_mask + 1) << kCompletionShift));
  code.load_value_address(kState, state_map);
  code.load(BPF_W, r1, kRings, ring.cq_head);
  code.load(BPF_W, r2, kRings, ring.cq_tail);
  code.jump_if(BPF_JNE, r1, r2, "completion");
  code.load(BPF_W, r3, kState, URB_STATE(is_in_flight));
  code.jump_if(BPF_JNE, r3, 0, "wait");
  code.jump("receive");

  code.place("completion");
  take_completion(code, ring);
  code.jump_if_32(BPF_JSGT, r3, 0, "went well");
  code.store(BPF_W, kState, URB_STATE(error), r3);
  code.jump_if_32(BPF_JNE, r3, 0, "stop");
  code.store(BPF_W, kState, URB_STATE(error), -EPIPE);
  code.jump("stop");
  code.place("went well");
  code.jump_if(BPF_JEQ, r2, kReceived, "received");
  code.load(BPF_W, r1, kState, URB_STATE(sent));
  code.compute(BPF_ADD, r1, r3);
  code.store(BPF_W, kState, URB_STATE(sent), r1);
  code.load(BPF_DW, r2, kState, URB_STATE(left));
  code.compute(BPF_SUB, r2, r3);
  code.store(BPF_DW, kState, URB_STATE(left), r2);
  code.load(BPF_W, r4, kState, URB_STATE(received));
  code.jump_if(BPF_JLT, r1, r4, "send");
  code.jump_if(BPF_JEQ, r2, 0, "stop");
  code.place("receive");
  add_receive(code, ring);
  code.jump("submit");
  code.place("received");
  code.store(BPF_W, kState, URB_STATE(received), r3);
  code.store(BPF_W, kState, URB_STATE(sent), 0);
  code.place("send");
  add_send(code, ring);

  code.place("submit");
  code.store(BPF_W, kState, URB_STATE(is_in_flight), 1);
  code.load(BPF_W, r1, kState, URB_STATE(request_count));
  code.compute(BPF_ADD, r1, 1);
  code.store(BPF_W, kState, URB_STATE(request_count), r1);
  code.set(r1, kContext);
  code.set(r2, 1);
  code.call_kernel(types.submit);
  code.jump_if(BPF_JEQ, r0, 1, "wait");
  code.load_value_address(kState, state_map);
  code.store(BPF_W, kState, URB_STATE(error), -EBUSY);
  code.place("stop");
  code.leave(kStop);
  code.place("wait");  // until the CQ's tail is one further
  code.load(BPF_W, r1, kRings, ring.cq_head);
  code.compute(BPF_ADD, r1, 1);
  code.store(BPF_W, kParameters, 0, r1);
  code.leave(kGoOn);
  return code;
}

#undef URB_STATE

}  // namespace urb
