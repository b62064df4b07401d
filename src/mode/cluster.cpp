// cluster: the master accepts and passes each connected socket on, unread, as a descriptor in a
// message (SENDMSG + SCM_RIGHTS).
#include "mode/adopting_worker.hpp"
#include "mode/role_host.hpp"
#include "mode/unread_master.hpp"

namespace urb {

extern const Mode mode_cluster;
const Mode mode_cluster{"cluster",
                        "the master accepts and passes the connected socket on, unread",
                        /*workers_listen=*/false,
                        /*reads_heads=*/false,
                        host_role<UnreadMaster<ChannelTransport>, MasterContext>,
                        host_role<AdoptingWorker, WorkerContext>};

}  // namespace urb
