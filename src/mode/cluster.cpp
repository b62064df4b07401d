// cluster: the master accepts and passes each connected socket on, unread, as a descriptor in a
// message (SENDMSG + SCM_RIGHTS).
#include "mode/adopting_worker.hpp"
#include "mode/role_host.hpp"
#include "mode/unread_master.hpp"

namespace urb {

extern const Mode mode_cluster{
    .name = "cluster",
    .summary = "the master accepts and passes the connected socket on, unread",
    .run_master = host_role<UnreadMaster<ChannelTransport>, MasterContext>,
    .run_worker = host_role<AdoptingWorker, WorkerContext>,
    .run_tls_worker = host_role<TlsAdoptingWorker, WorkerContext>,
};

}  // namespace urb
