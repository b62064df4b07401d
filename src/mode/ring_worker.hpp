// The worker of the modes whose master sends direct descriptors: an AdoptingWorker whose ring has a
// file table. Its channel carries only its hello. The end of the channel ends the worker.
#pragma once

#include "mode/adopting_worker.hpp"
#include "net/ring_handover.hpp"

namespace urb {

class RingWorker {
 public:
  RingWorker(Ring& ring, WorkerContext& context);

  void start();
  void on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() noexcept { return worker_.next_deadline(); }
  void on_deadline(Nanos now) noexcept { worker_.on_deadline(now); }
  void begin_stop() noexcept { worker_.begin_stop(); }
  void cut_off() noexcept { worker_.cut_off(); }
  [[nodiscard]] bool is_idle() noexcept { return receiver_.is_idle() && worker_.is_idle(); }
  [[nodiscard]] bool is_stopping() const noexcept { return worker_.is_stopping(); }

 private:
  Ring& ring_;
  int channel_;
  AdoptingWorker worker_;
  RingHandoverReceiver receiver_;
};

}  // namespace urb
