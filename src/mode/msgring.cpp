// msgring: `cluster` without descriptors and without a channel. The master accepts into direct
// descriptors and sends each, unread, into the worker's ring (IORING_OP_MSG_RING).
#include "mode/ring_transport.hpp"
#include "mode/ring_worker.hpp"
#include "mode/role_host.hpp"
#include "mode/unread_master.hpp"

namespace urb {

extern const Mode mode_msgring{
    .name = "msgring",
    .summary = "the master sends the unread socket into the worker's ring, by MSG_RING",
    .needs = kRingHandoverNeeds,
    .run_master = host_role<UnreadMaster<RingTransport>, MasterContext>,
    .run_worker = host_role<RingWorker, WorkerContext>,
    .run_tls_worker = host_role<TlsRingWorker, WorkerContext>,
};

}  // namespace urb
