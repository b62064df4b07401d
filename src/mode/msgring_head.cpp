// msgring-head: `socket` the same way. The master reads the head of a direct descriptor, chooses a
// worker by it and sends the descriptor into that worker's ring; the bytes already read lie in
// memory that both share.
#include "mode/head_master.hpp"
#include "mode/ring_transport.hpp"
#include "mode/ring_worker.hpp"
#include "mode/role_host.hpp"

namespace urb {

extern const Mode mode_msgring_head{
    .name = "msgring-head",
    .summary = "the same with the head already read; its bytes in shared memory",
    .needs = kRingHandoverNeeds,
    .reads_heads = true,
    .run_master = host_role<HeadMaster<RingTransport>, MasterContext>,
    .run_worker = host_role<RingWorker, WorkerContext>,
    .run_ktls_master = host_role<HeadMaster<RingTransport, KtlsEntrance>, MasterContext>,
    .run_ktls_worker = host_role<KtlsRingWorker, WorkerContext>,
    .shared_bytes = SharedBlocks::kMemoryBytes,
};

}  // namespace urb
