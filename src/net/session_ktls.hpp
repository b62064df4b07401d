// What lies between the socket and HTTP, where the kernel seals and opens records: nothing but
// records that are no data. Without such sockets nothing here is ever called.
#pragma once

#include <memory>

#include "net/session.hpp"

namespace urb {

// A receive has said EIO: the next record is no data.
template <class Wire>
void BasicSessionPool<Wire>::arm_record(Connection& connection) noexcept {
  if constexpr (Wire::kIsKernel) {
    std::unique_ptr<RecordReceive>& record = connection.wire.record;
    if (!record) record = std::make_unique<RecordReceive>();
    record->prep(operations_.arm(connection, Op::record), connection.socket);
  }
}

template <class Wire>
void BasicSessionPool<Wire>::break_off(Connection& connection, int result) noexcept {
  (is_of_tls(result) ? counters_.tls_errors : counters_.connection_resets).add();
  if (connection.state == State::reading) connection.state = State::responding;  // no goodbye
  begin_close(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::on_record(Connection& connection, int result) noexcept {
  if constexpr (Wire::kIsKernel) {
    if (connection.state == State::leaving || connection.state == State::closing) {
      return finish_departure(connection);
    }
    switch (connection.wire.record->event(result)) {
      case RecordEvent::nothing:  // no progress: the deadline stays
        if (connection.state == State::reading) want_read(connection, false);
        return;
      case RecordEvent::end:
        connection.peer_ended = true;
        if (connection.state == State::reading) advance(connection);
        return;
      case RecordEvent::refused:
        counters_.tls_errors.add();
        // An answer that is on its way is not worth more than the alert.
        return leave(connection, kRefused);
      case RecordEvent::data:  // which EIO never says
      case RecordEvent::failed: break;
    }
    break_off(connection, result);
  }
}

}  // namespace urb
