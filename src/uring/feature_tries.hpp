// How each feature is found out. All use the plainest ring that can be asked, and sockets of
// their own, none of which needs a network.
#pragma once

namespace urb {

/// Whether a ring can be set up with these flags (IORING_SETUP_*).
[[nodiscard]] bool can_set_up(unsigned flags);
/// Whether liburing gets a ring without the array of indices, which it asks for by itself.
[[nodiscard]] bool is_without_array();
/// Whether the kernel says so.
[[nodiscard]] bool can_skip_completions();
[[nodiscard]] bool can_register_ring();
[[nodiscard]] bool can_cancel_all();
[[nodiscard]] bool can_limit_threads();
[[nodiscard]] bool can_accept_many();
/// Messages and bytes, since one kernel has them both or neither.
[[nodiscard]] bool can_receive_many();
/// Whether a send of more than the socket holds goes on when there is room.
[[nodiscard]] bool can_send_all();
/// Whether a socket that comes into a ring wakes its owner, and works.
[[nodiscard]] bool can_send_to_rings();
[[nodiscard]] bool can_set_socket_options();
/// Whether RECV takes registered buffers, and nothing beside them.
[[nodiscard]] bool can_receive_registered();
/// Whether two receives fill one provided buffer, one behind the other.
[[nodiscard]] bool can_receive_incrementally();
[[nodiscard]] bool can_wait_as_idle();
/// Whether a direct descriptor is closed at once, though a request on another is older.
[[nodiscard]] bool can_release_slots();

}  // namespace urb
