// The programs, and the account of `least`.
#include "mode/listener_group.hpp"

#include <fmt/format.h>
#include <linux/filter.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <new>
#include <string>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "mode/bpf.hpp"

namespace urb {
namespace {

// How long a connection may be on its way. What has not arrived by then was a SYN whose handshake
// did not end. A guess: many round trips.
constexpr Nanos kOnWayMax = std::chrono::seconds{1};
// More work than a worker can have that listens: `least` takes all others first.
constexpr std::int32_t kGoneWork = 1 << 30;

// Offsets in State, as the program sees it.
constexpr std::int16_t kTurn = 0;
constexpr std::int32_t kLoadShift = 6;  // of sizeof(WorkerLoad)
constexpr std::int16_t kGiven = sizeof(WorkerLoad) + offsetof(WorkerLoad, given);
constexpr std::int16_t kEnded = sizeof(WorkerLoad) + offsetof(WorkerLoad, ended);
constexpr std::int16_t kGone = sizeof(WorkerLoad) + offsetof(WorkerLoad, gone);
static_assert(std::size_t{1} << kLoadShift == sizeof(WorkerLoad));

// Of a TCP header (RFC 9293).
constexpr std::int16_t kFlags = 13;
constexpr std::int32_t kSyn = 0x02;
constexpr std::int32_t kAck = 0x10;

void attach(int listener, int option, const void* value, socklen_t size, const char* call) {
  check(setsockopt(listener, SOL_SOCKET, option, value, size), call);
}

// By the place among the listeners that are there. The kernel closes the gap that a dead one
// leaves, and hashes where the place is beyond the last.
void attach_random(int listener, unsigned count) {
  sock_filter steps[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<__u32>(SKF_AD_OFF + SKF_AD_RANDOM)},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, count},
      {BPF_RET | BPF_A, 0, 0, 0},
  };
  const sock_fprog filter{std::size(steps), steps};
  attach(listener, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter,
         "setsockopt SO_ATTACH_REUSEPORT_CBPF");
}

// Of rr and least, for `count` workers. Runs when a SYN looks for its listener, and ends with the
// listener chosen. The verifier wants each index to be below `count`, and each loop to end.
class PlacementProgram {
 public:
  PlacementProgram(std::int32_t count, int listeners, int state)
      : count_{count}, listeners_{listeners}, state_{state} {}

  [[nodiscard]] std::vector<bpf_insn> make(Policy policy) {
    begin();
    if (policy == Policy::least) find_least();
    select();
    return to_.take();
  }

 private:
  // Helpers overwrite the first six.
  static constexpr BpfRegister kR0 = BPF_REG_0, kR1 = BPF_REG_1, kR2 = BPF_REG_2, kR3 = BPF_REG_3,
                               kR4 = BPF_REG_4, kR5 = BPF_REG_5, kPacket = BPF_REG_6,
                               kWorker = BPF_REG_7, kLeft = BPF_REG_8, kBase = BPF_REG_9,
                               kFrame = BPF_REG_10;

  // Afterwards the verifier knows the same of kWorker, whatever it was. So it walks each turn of a
  // loop once.
  void bound_worker() {
    to_.compute(BPF_MOD, kWorker, count_);
    to_.jump_if(BPF_JGE, kWorker, count_, none_);  // never
  }
  void next_worker() {
    to_.compute(BPF_ADD, kWorker, 1);
    bound_worker();
  }
  // kR3 = where the load of kWorker is, at kGiven, kEnded and kGone.
  void find_state() {
    to_.move(kR3, kWorker);
    to_.compute(BPF_LSH, kR3, kLoadShift);
    to_.compute(BPF_ADD, kR3, kBase);
  }

  // kWorker = the next in turn. Only a SYN begins a connection, and late packets of others look for
  // a listener too.
  void begin() {
    to_.move(kPacket, kR1);
    to_.load64(kR2, kPacket, offsetof(sk_reuseport_md, data));  // the TCP header
    to_.load64(kR3, kPacket, offsetof(sk_reuseport_md, data_end));
    to_.move(kR4, kR2);
    to_.compute(BPF_ADD, kR4, kFlags + 1);
    to_.jump_if(BPF_JGT, kR4, kR3, none_);  // there are no flags
    to_.load8(kR2, kR2, kFlags);
    to_.compute(BPF_AND, kR2, kSyn | kAck);
    to_.jump_if(BPF_JNE, kR2, kSyn, none_);
    to_.load_map_value(kBase, state_);
    to_.set(kWorker, 1);
    to_.fetch_add64(kBase, kTurn, kWorker);  // kWorker = turn++
    bound_worker();
  }

  // kWorker = the first of those with least work, beginning in turn, so that ties go round.
  void find_least() {
    const auto again = to_.make_label();
    const auto is_more = to_.make_label();
    to_.move(kR5, kWorker);        // kR5 = best
    to_.set(kR4, -1);              // kR4 = its work:
    to_.compute(BPF_RSH, kR4, 1);  // the largest signed number
    to_.set(kLeft, count_);        // for each worker
    to_.place(again);
    find_state();
    to_.load64(kR2, kR3, kGiven);
    to_.load64(kR1, kR3, kEnded);
    to_.compute(BPF_SUB, kR2, kR1);
    to_.load64(kR1, kR3, kGone);
    to_.compute(BPF_ADD, kR2, kR1);  // kR2 = its work
    to_.jump_if(BPF_JSGE, kR2, kR4, is_more);
    to_.move(kR4, kR2);
    to_.move(kR5, kWorker);
    to_.place(is_more);
    next_worker();
    to_.compute(BPF_SUB, kLeft, 1);
    to_.jump_if(BPF_JNE, kLeft, 0, again);
    to_.move(kWorker, kR5);
  }

  // The chosen one, or the next that listens.
  void select() {
    const auto again = to_.make_label();
    const auto found = to_.make_label();
    to_.set(kLeft, count_);
    to_.place(again);
    to_.store32(kFrame, -4, kWorker);  // the key
    to_.move(kR1, kPacket);
    to_.load_map(kR2, listeners_);
    to_.move(kR3, kFrame);
    to_.compute(BPF_ADD, kR3, -4);
    to_.set(kR4, 0);                         // no flags
    to_.call(BPF_FUNC_sk_select_reuseport);  // kR0 = 0, or -ENOENT for a listener that is closed
    to_.jump_if(BPF_JEQ, kR0, 0, found);
    find_state();
    to_.set(kR1, kGoneWork);
    to_.store64(kR3, kGone, kR1);  // until admit() says otherwise
    next_worker();
    to_.compute(BPF_SUB, kLeft, 1);
    to_.jump_if(BPF_JNE, kLeft, 0, again);
    to_.place(none_);
    to_.set(kR0, SK_PASS);  // with none selected the kernel hashes
    to_.exit();
    to_.place(found);
    find_state();
    to_.set(kR1, 1);
    to_.fetch_add64(kR3, kGiven, kR1);  // ++given
    to_.set(kR0, SK_PASS);
    to_.exit();
  }

  std::int32_t count_;
  int listeners_;  // the maps
  int state_;
  BpfAssembler to_;
  BpfAssembler::Label none_ = to_.make_label();
};

}  // namespace

// The value of the state map. One more than there are workers: the first line is the turn's.
struct ListenerGroup::State {
  struct alignas(64) Turn {
    std::atomic<std::uint64_t> next{0};
  } turn;
  WorkerLoad loads[1];  // as many as there are workers

  static std::size_t bytes(unsigned worker_count) {
    return sizeof(Turn) + worker_count * sizeof(WorkerLoad);
  }
};

ListenerGroup::ListenerGroup(Policy policy, unsigned worker_count) : worker_count_{worker_count} {
  if (policy == Policy::rr || policy == Policy::least) make_program(policy, worker_count);
}

ListenerGroup::~ListenerGroup() {
  if (state_ != nullptr) munmap(state_, State::bytes(worker_count_));
}

void ListenerGroup::make_program(Policy policy, unsigned worker_count) {
  const auto state_bytes = static_cast<std::uint32_t>(State::bytes(worker_count));
  state_map_ = make_bpf_map({BPF_MAP_TYPE_ARRAY, state_bytes, 1, BPF_F_MMAPABLE});
  listeners_ = make_bpf_map({BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, sizeof(int), worker_count});
  void* const memory =
      mmap(nullptr, state_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, state_map_.get(), 0);
  if (memory == MAP_FAILED) throw_errno("mmap of a BPF map");
  state_ = static_cast<State*>(memory);
  program_ = load_bpf_program(
      BPF_PROG_TYPE_SK_REUSEPORT,
      PlacementProgram{static_cast<std::int32_t>(worker_count), listeners_.get(), state_map_.get()}
          .make(policy));
}

void ListenerGroup::admit(unsigned worker, int listener) {
  if (!program_.is_open()) return attach_random(listener, worker_count_);
  WorkerLoad& load = state_->loads[worker];
  load.ended.store(load.given.load());  // the replacement of a dead one has nothing
  store_in_bpf_map(listeners_.get(), worker, listener);
  load.gone.store(0);
  // A group ends with its last listener, and the program with the group: each brings it along.
  const int program = program_.get();
  attach(listener, SO_ATTACH_REUSEPORT_EBPF, &program, sizeof program,
         "setsockopt SO_ATTACH_REUSEPORT_EBPF");
}

std::span<std::byte> ListenerGroup::load_memory(unsigned worker) const noexcept {
  if (state_ == nullptr) return {};
  return std::as_writable_bytes(std::span{&state_->loads[worker], 1});
}

void require_policy(const Mode& mode, Policy policy, bool is_unix) {
  if (!mode.workers_listen) {
    if (policy != Policy::hash) return;
    throw UsageError(fmt::format(
        "only the kernel hashes, and in {} a master chooses: --policy rr, random, least or key",
        mode.name));
  }
  if (policy == Policy::key) {
    throw UsageError(fmt::format(
        "{} cannot route by key: the kernel chooses when a connection's SYN arrives, and X-Route "
        "comes after it; use socket, msgring-head or passthru",
        mode.name));
  }
  if (is_unix && policy != Policy::hash) {
    throw UsageError(fmt::format(
        "{} on a Unix socket has one listener, from which all workers take: leave out --policy, "
        "or listen on TCP",
        mode.name));
  }
}

std::string find_policy_obstacle(Policy policy) {
  if (policy == Policy::hash) return {};
  try {
    const ListenerGroup tried{policy, 1};
    return {};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

LoadReport::LoadReport(std::span<std::byte> memory, Counters& counters) noexcept
    : counters_{counters},
      placed_before_{counters.kernel_placed.get()},
      opened_before_{counters.connections_opened.get()},
      closed_before_{counters.connections_closed.get()} {
  if (memory.empty()) return;
  URB_ASSERT(memory.size() == sizeof(WorkerLoad));
  load_ = std::launder(reinterpret_cast<WorkerLoad*>(memory.data()));
  given_before_ = load_->ended.load(std::memory_order_relaxed);  // as admit() left it
  forget_at_ = Nanos{0};
}

std::uint64_t LoadReport::given() const noexcept {
  return load_ == nullptr ? 0 : load_->given.load(std::memory_order_relaxed) - given_before_;
}

void LoadReport::on_batch_end(Nanos now) noexcept {
  if (load_ == nullptr) return;
  const std::uint64_t opened = counters_.connections_opened.get() - opened_before_;
  const std::uint64_t closed = counters_.connections_closed.get() - closed_before_;
  // What is on its way. Below zero: it came after all, or the kernel had hashed it here.
  auto on_way = static_cast<std::int64_t>(given() - forgotten_ - opened);
  if (on_way < 0) {
    forgotten_ -= static_cast<std::uint64_t>(-on_way);
    on_way = 0;
  }
  least_on_way_ = std::min(least_on_way_, static_cast<std::uint64_t>(on_way));
  if (now >= forget_at_) {
    // So many have been on their way all the time.
    forgotten_ += least_on_way_;
    least_on_way_ = static_cast<std::uint64_t>(on_way) - least_on_way_;
    forget_at_ = now + kOnWayMax;
  }
  counters_.kernel_placed.set(placed_before_ + given());
  // A plain store: nobody else writes it.
  load_->ended.store(given_before_ + closed + forgotten_, std::memory_order_relaxed);
}

}  // namespace urb
