// msgring-head: `socket` the same way. The master reads the head of a direct descriptor, chooses a
// worker by it and sends the descriptor into that worker's ring; the bytes already read lie in
// memory that both share.
#include "mode/head_master.hpp"
#include "mode/ring_transport.hpp"
#include "mode/ring_worker.hpp"
#include "mode/role_host.hpp"

namespace urb {

extern const Mode mode_msgring_head;
const Mode mode_msgring_head{"msgring-head",
                             "the same with the head already read; its bytes in shared memory",
                             /*workers_listen=*/false,
                             /*reads_heads=*/true,
                             host_role<HeadMaster<RingTransport>, MasterContext>,
                             host_role<RingWorker, WorkerContext>,
                             SharedBlocks::kMemoryBytes};

}  // namespace urb
