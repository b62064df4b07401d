#include "remote/client_agent.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "experiment/machine_watch.hpp"
#include "probe/link.hpp"
#include "probe/namespaces.hpp"
#include "remote/client_messages.hpp"

namespace urb {
namespace {

const Counters kNotCounted;  // a companion's, which has none

class Line {
 public:
  Line(int input, int output) : input_{input}, output_{output} {}

  /// Where nobody listens any more, the input has ended too.
  void say(const ClientMessage& message) {
    const std::string text = format_message(message);
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = write(output_, text.data() + done, text.size() - done);
      if (count < 0 && errno == EAGAIN) {
        pollfd room{output_, POLLOUT, 0};
        poll(&room, 1, -1);
      } else if (count >= 0) {
        done += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        is_over_ = true;
        return;
      }
    }
  }

  /// The next message; waits for it, or not. Empty where there is none, or the input has ended.
  std::optional<ClientMessage> take(bool waits) {
    while (true) {
      const std::size_t end = text_.find('\n');
      if (end != std::string::npos) {
        std::optional<ClientMessage> message =
            parse_message(std::string_view{text_}.substr(0, end));
        text_.erase(0, end + 1);
        if (message) return message;
        is_over_ = true;  // nobody of this version says that
      }
      if (is_over_ || !read_more(waits)) return std::nullopt;
    }
  }
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

 private:
  bool read_more(bool waits) {
    pollfd waiting{input_, POLLIN, 0};
    const int ready = poll(&waiting, 1, waits ? -1 : 0);
    if (ready <= 0) return waits;  // a signal
    std::array<char, 65536> bytes{};
    const ssize_t count = read(input_, bytes.data(), bytes.size());
    if (count > 0) {
      text_.append(bytes.data(), static_cast<std::size_t>(count));
      return true;
    }
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return waits;
    is_over_ = true;
    return false;
  }

  int input_;
  int output_;
  std::string text_;
  bool is_over_ = false;
};

class Agent {
 public:
  Agent(const AgentSetup& setup, int input, int output)
      : setup_{setup}, line_{input, output}, yardsticks_{setup.yardstick} {}

  int run() {
    line_.say(ClientHello{.version = setup_.version,
                          .host = own_host_name(),
                          .boot_id = setup_.boot_id,
                          .pid_namespace = own_namespace("pid"),
                          .pid = getpid(),
                          .network = own_namespace("net")});
    while (auto message = line_.take(/*waits=*/true)) {
      // What is not an order came too late for its load.
      if (const auto* const order = std::get_if<ClientOrder>(&*message)) obey(*order);
    }
    return kExitOk;
  }

 private:
  void obey(const ClientOrder& order) {
    try {
      line_.say(measure(order));
    } catch (const Unsupported& error) {
      line_.say(ClientFailure{error.what(), true});
    } catch (const std::runtime_error& error) {
      line_.say(ClientFailure{error.what(), false});
    }
  }

  ClientReport measure(const ClientOrder& order) {
    std::vector<ServerProcess> companions;
    for (const pid_t pid : order.companions)
      companions.push_back({ProcessRole::worker, 0, pid, &kNotCounted});
    WindowSample begin;
    WindowSample end;
    std::atomic<bool> stop{false};
    has_asked_ = false;
    is_let_ = false;
    LoadHooks hooks;
    hooks.may_begin_window = [&] { return may_begin(stop); };
    hooks.on_window_begin = [&] { begin = sample_window_begin(companions, setup_.scope); };
    hooks.on_window_end = [&] {
      line_.say(ClientWord::ended);
      end = sample_window_end(companions, setup_.scope);
    };
    hooks.on_progress = [&](Nanos elapsed, std::uint64_t requests) {
      line_.say(ClientProgress{elapsed, requests});
      return !is_told_to_stop();
    };
    MachineWatch machine{order.watches_host ? &yardsticks_ : nullptr};
    machine.settle(stop);
    ClientReport report;
    report.load = run_load(order.load, hooks, stop);
    machine.look();
    report.cpu = end.client.total - begin.client.total;
    report.throttled = throttled_share(begin.cpu_periods, end.cpu_periods);
    const std::optional<HostUse> use = host_use(begin, end, setup_.scope);
    if (order.watches_host) {
      Row row;
      machine.fill(row, begin, end, use, order.load.warmup);
      report.disturbed = row.disturbed;
      report.is_blind = machine.is_blind(use.has_value());
      report.has_full_host = use && use->share(use->busy_s) >= kShareSaturated;
      if (use) report.disturber = use->busiest;
    }
    if (const auto local = find_local_address(order.load.target)) {
      if (const auto link = probe_link(*local)) report.link = format_link(*link);
    }
    return report;
  }

  bool may_begin(std::atomic<bool>& stop) {
    if (!has_asked_) line_.say(ClientWord::ready_to_begin);
    has_asked_ = true;
    if (is_told_to_stop()) stop = true;
    return is_let_;
  }

  bool is_told_to_stop() {
    while (auto message = line_.take(/*waits=*/false)) {
      const auto* const word = std::get_if<ClientWord>(&*message);
      if (word != nullptr && *word == ClientWord::stop) return true;
      is_let_ = is_let_ || (word != nullptr && *word == ClientWord::go);
    }
    return line_.is_over();
  }

  const AgentSetup& setup_;
  Line line_;
  Yardsticks yardsticks_;
  bool has_asked_ = false;  // in this load
  bool is_let_ = false;
};

}  // namespace

int run_client_agent(const AgentSetup& setup, int input, int output) {
  return Agent{setup, input, output}.run();
}

}  // namespace urb
