// Programs for the kernel: their jumps, a loop of a ring, a redirect between sockets, and who may
// not have them.
#include "micro/bpf.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/refusal.hpp"
#include "micro/hop.hpp"
#include "micro/ring_loop.hpp"
#include "micro/rings.hpp"
#include "micro/socket_redirect.hpp"
#include "support/guest_tests.hpp"
#include "support/open_fds.hpp"

namespace urb::test {
namespace {

constexpr int kWaitMs = 10'000;

bool becomes_readable(int fd, int within_ms = kWaitMs) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, within_ms) == 1;
}

std::string receive(int fd) {
  std::string bytes(64, '\0');
  const ssize_t got = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

void send_text(int fd, std::string_view text) {
  REQUIRE(send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

// Whether the tests' kernel has to have loops: Debian's from 7.1 on do.
bool must_have_loops() {
  utsname system{};
  uname(&system);
  const auto release = parse_release(system.release);
  return is_in_guest() && release && *release >= KernelRelease{7, 1};
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("bpf: jumps count from the instruction behind them, forwards and backwards") {
  using enum BpfRegister;
  BpfCode code;
  code.place("begin");
  code.jump_if(BPF_JEQ, r1, 7, "end");
  code.load_map(r2, 3);  // two instructions
  code.jump("begin");
  code.place("end");
  code.leave(1);
  const std::vector<bpf_insn> instructions = code.finish();
  REQUIRE(instructions.size() == 6);
  CHECK(instructions[0].off == 3);
  CHECK(instructions[0].imm == 7);
  CHECK(instructions[1].src_reg == BPF_PSEUDO_MAP_FD);
  CHECK(instructions[1].imm == 3);
  CHECK(instructions[3].off == -4);
  CHECK(instructions[5].code == (BPF_JMP | BPF_EXIT));
}

TEST_CASE("ring loop: one call moves every byte, and the next one as well") {
  constexpr std::size_t kBytes = 300'000;  // more than its buffer
  std::vector<std::byte> stream(kStreamBytes);
  fill_stream(stream);
  const std::size_t fds_before = open_fd_count();
  try {
    HopEnds ends = make_hop_ends();
    Ring ring{kMicroRing};
    RingLoop loop{ring};
    std::vector<std::byte> buffer(64 * 1024);
    for (std::size_t round = 0; round < 3; ++round) {
      REQUIRE(send(ends.source_peer.get(), stream.data(), kBytes, 0) == ssize_t{kBytes});
      loop.copy(ends.source.get(), ends.target.get(), buffer, kBytes);
      std::vector<std::byte> got(kBytes);
      REQUIRE(recv(ends.target_peer.get(), got.data(), got.size(), MSG_WAITALL) == ssize_t{kBytes});
      CHECK(std::equal(got.begin(), got.end(), stream.begin()));
      CHECK(receive(ends.target_peer.get()).empty());
    }
    CHECK(loop.request_count() >= 3 * 2 * 5);
    // A source that ends stops it.
    ends.source_peer.close();
    CHECK_THROWS_AS(loop.copy(ends.source.get(), ends.target.get(), buffer, 1), std::runtime_error);
  } catch (const Unsupported& error) {
    CHECK_FALSE(must_have_loops());
    MESSAGE("skipped on this kernel: ", std::string{error.what()});
  }
  CHECK(open_fd_count() == fds_before);
}

TEST_CASE("ring loop: its ring is an ordinary one again behind it") {
  Ring ring{kMicroRing};
  try {
    const RingLoop loop{ring};
  } catch (const Unsupported& error) {
    CHECK_FALSE(must_have_loops());
    MESSAGE("skipped on this kernel: ", std::string{error.what()});
  }
  io_uring_prep_nop(ring.sqe({}));
  CHECK(await_one(ring, "NOP").result == 0);
}

TEST_CASE("socket redirect: bytes are right, but earlier ones wait, and no end comes") {
  const HopEnds ends = make_hop_ends();
  try {
    send_text(ends.source_peer.get(), "before ");
    REQUIRE(becomes_readable(ends.source.get()));
    const SocketRedirect redirect{ends.source.get(), ends.target.get()};
    // No deadline would show it: nothing has happened that they could wait for.
    CHECK_FALSE(becomes_readable(ends.target_peer.get(), 0));
    send_text(ends.source_peer.get(), "after");
    std::string got;
    while (got.size() < 12 && becomes_readable(ends.target_peer.get())) {
      got += receive(ends.target_peer.get());
    }
    CHECK(got == "before after");
    // Nor does the end of the stream go that way.
    REQUIRE(shutdown(ends.source_peer.get(), SHUT_WR) == 0);
    REQUIRE(becomes_readable(ends.source.get()));
    CHECK_FALSE(becomes_readable(ends.target_peer.get(), 0));
  } catch (const Unsupported& error) {
    MESSAGE("skipped here: ", std::string{error.what()});
  }
}

TEST_CASE("socket redirect: nobody who does not read holds it up") {
  const HopEnds ends = make_hop_ends();
  try {
    const SocketRedirect redirect{ends.source.get(), ends.target.get()};
    set_non_blocking(ends.source_peer.get());
    // Far more than the 4 MiB of the target and what TCP would hold. A copy or a splice stops.
    constexpr std::size_t kMuch = 64 * 1024 * 1024;
    const std::vector<std::byte> stream(kStreamBytes);
    std::size_t taken = 0;
    while (taken < kMuch) {
      pollfd waiting{ends.source_peer.get(), POLLOUT, 0};
      if (poll(&waiting, 1, kWaitMs) != 1) break;
      const ssize_t sent = send(ends.source_peer.get(), stream.data(), stream.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      taken += static_cast<std::size_t>(sent);
    }
    CHECK(taken >= kMuch);
  } catch (const Unsupported& error) {
    MESSAGE("skipped here: ", std::string{error.what()});
  }
}

TEST_CASE("bpf: without privileges a program is unsupported, and the message says what it takes") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const Fd read_end{Adopt{}, ends[0]};
  Fd write_end{Adopt{}, ends[1]};
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    std::string said = "nothing";
    // Fails where this is nobody special already.
    if (setresuid(kNobody, kNobody, kNobody) != 0 && geteuid() == 0) _exit(2);
    try {
      const HopEnds hop = make_hop_ends();
      const SocketRedirect redirect{hop.source.get(), hop.target.get()};
    } catch (const Unsupported& error) {
      said = error.what();
    } catch (const std::exception& error) {
      said = std::string{"not unsupported: "} + error.what();
    }
    _exit(write(write_end.get(), said.data(), said.size()) > 0 ? 0 : 1);
  }
  write_end.close();
  std::string said(500, '\0');
  const ssize_t got = read(read_end.get(), said.data(), said.size());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  REQUIRE(got > 0);
  said.resize(static_cast<std::size_t>(got));
  const bool names_cause =
      said.find("CAP_BPF") != std::string::npos || said.find("CONFIG_BPF") != std::string::npos;
  CHECK_MESSAGE(names_cause, said);
}

TEST_SUITE_END();

}  // namespace urb::test
