// From what a plugin has counted to functions and subsystems.
#include "profile/fold.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "profile/subsystems.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

void append_word(std::string& bytes, std::uint64_t word) {
  bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
}

TEST_CASE("profile window: the plugin's words, window by window, and no half one") {
  std::string bytes;
  for (const std::uint64_t word : {2, 0x1000, 30, 0x2000, 5, 0, 1, 0x3000, 7}) {
    append_word(bytes, word);
  }
  const std::vector<ProfileWindow> windows = parse_windows(bytes);
  REQUIRE(windows.size() == 3);
  REQUIRE(windows[0].size() == 2);
  CHECK(windows[0][1].address == 0x2000);
  CHECK(windows[0][1].instructions == 5);
  CHECK(windows[1].empty());
  CHECK(windows[2][0].instructions == 7);
  CHECK(parse_windows("").empty());
  bytes.pop_back();
  CHECK_THROWS_AS(static_cast<void>(parse_windows(bytes)), std::runtime_error);
}

TEST_CASE("profile: sums of subsystems are the whole window, their functions stand below them") {
  const SymbolTable kernel{{{0xffffffff81000000, 0x100, "tcp_sendmsg"},
                            {0xffffffff81000100, 0x100, "tcp_ack"},
                            {0xffffffff81000200, 0x100, "memcpy"}}};
  const SymbolTable program{
      {{0x401000, 0x100, "_ZN3urb3runEv"}, {0x401100, 0x100, "_ZN3urb3runEv.cold"}}};
  const ProfileWindow window{{0xffffffff81000010, 10},
                             {0xffffffff81000020, 20},
                             {0xffffffff81000110, 90},
                             {0xffffffff81000210, 5},
                             {0x401004, 38},
                             {0x401104, 2},
                             {0x7fff00001000, 3},
                             {0xffffffff82000000, 1},
                             {0x500000, 1},
                             {0, 2}};
  const std::vector<FunctionCount> counts = fold(window, {kernel, program});
  std::string text;
  std::uint64_t sum = 0;
  for (const FunctionCount& count : counts) {
    text += count.subsystem + "/" + count.function + "=" + std::to_string(count.instructions) + " ";
    if (count.function.empty()) sum += count.instructions;
  }
  CHECK(text ==
        "copy/=5 copy/memcpy=5 TCP/=120 TCP/tcp_ack=90 TCP/tcp_sendmsg=30 "
        "timer/interrupt/=3 timer/interrupt/[vdso]=3 ours/=40 ours/urb::run=40 "
        "unknown/=4 unknown/[unknown]=4 ");
  CHECK(sum == 172);
}

TEST_CASE("subsystems: the functions that matter are where their source is") {
  struct Known {
    std::string_view function;
    std::string_view subsystem;
  };
  // The most expensive of the profiles of Linux 6.1, 6.12, 7.2 and 7.3, and those whose names lie.
  constexpr Known kKnown[]{
      {"memcpy_orig", "copy"},
      {"rep_movs_alternative", "copy"},
      {"copy_user_generic_string", "copy"},
      {"_copy_to_iter", "copy"},
      {"clear_page_rep", "copy"},
      {"clear_highpages_kasan_tagged", "copy"},
      {"copy_page_from_iter", "copy"},
      {"get_page_from_freelist", "page allocator"},
      {"__rmqueue_pcplist", "page allocator"},
      {"free_unref_page", "page allocator"},
      {"__free_frozen_pages", "page allocator"},
      {"prep_new_page", "page allocator"},
      {"kmem_cache_alloc_node_noprof", "slab"},
      {"kfree", "slab"},
      {"kfree_skb_reason", "socket"},
      {"build_detached_freelist", "slab"},
      {"handle_mm_fault", "memory mapping"},
      {"asm_exc_page_fault", "memory mapping"},
      {"tcp_ack", "TCP"},
      {"__tcp_transmit_skb", "TCP"},
      {"tcp_stream_alloc_skb", "TCP"},
      {"__inet_lookup_established", "TCP"},
      {"inet_recvmsg", "IP"},
      {"ip_finish_output2", "IP"},
      {"fib_table_lookup", "IP"},
      {"__netif_receive_skb_core.constprop.0", "device"},
      {"loopback_xmit", "device"},
      {"skb_network_protocol", "device"},
      {"__alloc_skb", "socket"},
      {"skb_release_data", "socket"},
      {"unix_stream_read_generic", "socket"},
      {"scm_detach_fds", "socket"},
      {"lock_sock_nested", "socket"},
      {"io_submit_sqes", "io_uring"},
      {"__do_sys_io_uring_enter", "io_uring"},
      {"io_wq_submit_work", "io_uring"},
      {"io_schedule", "scheduler"},
      {"splice_to_socket", "fs/splice"},
      {"fget", "fs/splice"},
      {"alloc_fd", "fs/splice"},
      {"__wake_up_common", "poll/wait"},
      {"wake_up_process", "scheduler"},
      {"__schedule", "scheduler"},
      {"psi_group_change", "scheduler"},
      {"__update_load_avg_se", "scheduler"},
      {"native_sched_clock", "timer/interrupt"},
      {"__mod_timer", "timer/interrupt"},
      {"hrtimer_start_range_ns", "timer/interrupt"},
      {"_raw_spin_lock_irqsave", "locks/rcu"},
      {"__rcu_read_lock", "locks/rcu"},
      {"entry_SYSCALL_64", "entry"},
      {"do_syscall_64", "entry"},
      {"exit_to_user_mode_prepare", "entry"},
      {"__check_object_size", "security"},
      {"security_socket_recvmsg", "security"},
      {"__x86_indirect_thunk_rax", "security"},
      {"__list_del_entry_valid_or_report", "security"},
      {"do_idle", "idle"},
      {"idle_cpu", "scheduler"},
      {"frobnicate", "other kernel"},
  };
  for (const Known& known : kKnown) {
    CAPTURE(known.function);
    CHECK(subsystem_of(known.function) == known.subsystem);
  }
}

TEST_CASE("subsystems: the list has each once, and every one that a function can have") {
  const auto all = all_subsystems();
  CHECK(std::set<std::string_view>(all.begin(), all.end()).size() == all.size());
  for (const std::string_view name : {kIdle, kOtherKernel, kOurs, kUnknown}) {
    CHECK(std::find(all.begin(), all.end(), name) != all.end());
  }
}

}  // namespace
}  // namespace urb
