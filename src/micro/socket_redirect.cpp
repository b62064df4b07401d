#include "micro/socket_redirect.hpp"

#include "base/error.hpp"
#include "micro/bpf.hpp"

namespace urb {
namespace {

constexpr std::uint32_t kSource = 0;
constexpr std::uint32_t kTarget = 1;

Fd make_socket_map() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_SOCKMAP;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = sizeof(std::uint32_t);
  attributes.max_entries = 2;
  try {
    return Fd{Adopt{}, call_bpf(BPF_MAP_CREATE, attributes, "BPF_MAP_CREATE of sockets")};
  } catch (const SysError& error) {
    if (error.error() != EINVAL) throw;
    throw Unsupported("this kernel has no maps of sockets (CONFIG_BPF_STREAM_PARSER)");
  }
}

// Whatever the bytes are, they go to the target.
Fd load_verdict(int sockets) {
  using enum BpfRegister;
  BpfCode code;
  code.load_map(r2, sockets);
  code.set(r3, kTarget);
  code.set(r4, 0);  // to be sent on that socket, and not to be received there
  code.call_helper(BPF_FUNC_sk_redirect_map);
  code.leave();
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SK_SKB;
  attributes.expected_attach_type = BPF_SK_SKB_VERDICT;
  return load_bpf_program(code, attributes);
}

}  // namespace

SocketRedirect::SocketRedirect(int source, int target)
    : sockets_{make_socket_map()}, verdict_{load_verdict(sockets_.get())} {
  bpf_attr attributes{};
  attributes.target_fd = static_cast<std::uint32_t>(sockets_.get());
  attributes.attach_bpf_fd = static_cast<std::uint32_t>(verdict_.get());
  attributes.attach_type = BPF_SK_SKB_VERDICT;
  call_bpf(BPF_PROG_ATTACH, attributes, "BPF_PROG_ATTACH to a map of sockets");
  try {
    update_bpf_map(sockets_.get(), kTarget, &target);
  } catch (const SysError& error) {
    if (error.error() != EOPNOTSUPP) throw;
    throw Unsupported("this kernel takes no unix sockets into maps of sockets (Linux 5.15)");
  }
  // Last: from here on its bytes go there.
  update_bpf_map(sockets_.get(), kSource, &source);
}

}  // namespace urb
