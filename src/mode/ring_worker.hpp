// The worker of the modes whose master sends direct descriptors: an AdoptingWorker whose ring has a
// file table. Its channel carries only its hello. The end of the channel ends the worker.
#pragma once

#include <tuple>

#include "mode/adopting_worker.hpp"
#include "mode/parts.hpp"
#include "net/ring_handover.hpp"

namespace urb {

template <class Wire>
class BasicRingWorker : public Parts<BasicRingWorker<Wire>> {
 public:
  BasicRingWorker(Ring& ring, WorkerContext& context);

  void start();
  void on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] bool must_stop() const noexcept { return worker_.must_stop(); }

 private:
  using Base = Parts<BasicRingWorker>;
  friend Base;
  auto parts() noexcept { return std::tie(worker_, receiver_); }
  auto adopter() noexcept {
    return [this](Socket socket, BufferLease prefix, std::size_t begin, std::size_t end) {
      worker_.adopt(std::move(socket), std::move(prefix), begin, end);
    };
  }

  Ring& ring_;
  int channel_;
  BasicAdoptingWorker<Wire> worker_;
  RingHandoverReceiver receiver_;
};

using RingWorker = BasicRingWorker<PlainWire>;
using TlsRingWorker = BasicRingWorker<TlsWire>;
using KtlsRingWorker = BasicRingWorker<KtlsWire>;
extern template class BasicRingWorker<PlainWire>;
extern template class BasicRingWorker<TlsWire>;
extern template class BasicRingWorker<KtlsWire>;

}  // namespace urb
