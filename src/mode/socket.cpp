// socket: the master accepts, reads just the head, chooses a worker by it, and hands over the
// socket with every byte already read, in one message (SENDMSG + SCM_RIGHTS). With --tls sni it
// looks at the ClientHello and hands over the unread socket.
#include "mode/adopting_worker.hpp"
#include "mode/head_master.hpp"
#include "mode/hello_master.hpp"
#include "mode/role_host.hpp"

namespace urb {

extern const Mode mode_socket{
    .name = "socket",
    .summary = "the master reads the head, then hands over the socket and the bytes read",
    .reads_heads = true,
    .run_master = host_role<HeadMaster<ChannelTransport>, MasterContext>,
    .run_worker = host_role<AdoptingWorker, WorkerContext>,
    .run_tls_worker = host_role<TlsAdoptingWorker, WorkerContext>,
    .run_sni_master = host_role<HelloMaster<ChannelTransport>, MasterContext>,
    .run_ktls_master = host_role<HeadMaster<ChannelTransport, KtlsEntrance>, MasterContext>,
    .run_ktls_worker = host_role<KtlsAdoptingWorker, WorkerContext>,
};

}  // namespace urb
