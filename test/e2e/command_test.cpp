// The command line: what is refused, what helps, and the client on its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "mode/mode.hpp"
#include "row/columns.hpp"

namespace urb::test {

TEST_SUITE_BEGIN("e2e");

TEST_CASE("what makes no sense is exit 2, one line, and nothing on stdout") {
  const std::vector<std::vector<std::string>> wrong{{"clusterr"},
                                                    {"cluster", "--buffers", "none"},
                                                    {"cluster", "--no-such-option"},
                                                    {"cluster", "-b", "1X"},
                                                    {"cluster", "-d", "1"},
                                                    {"cluster", "-w", "0"},
                                                    {"serve", "nothing"},
                                                    {"load", "ftp://127.0.0.1/"},
                                                    {"load"},
                                                    {"micro", "nothing"},
                                                    {}};
  for (const auto& arguments : wrong) {
    const std::string first = arguments.empty() ? "(none)" : arguments.back();
    CAPTURE(first);
    const Outcome outcome = run(arguments);
    CHECK(outcome.status == 2);
    CHECK(outcome.out == "");
    CHECK(outcome.err.rfind("uring-bench: ", 0) == 0);
    CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
  }
}

TEST_CASE("every command helps, with an example") {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {}, {"serve"}, {"load"}, {"doctor"}, {"micro"}, {"list-modes"}, {"list-columns"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const Outcome outcome = run(arguments);
    CHECK(outcome.status == 0);
    CHECK(outcome.out.find("Example") != std::string::npos);
    CHECK(outcome.out.find("uring-bench") != std::string::npos);
    CHECK(outcome.err == "");
  }
  const Outcome version = run({"--version"});
  CHECK(version.status == 0);
  CHECK(version.out.rfind("uring-bench ", 0) == 0);
}

TEST_CASE("doctor tells which modes run here, the limits, and the tool's own floor") {
  const Outcome outcome = run({"doctor"});
  CHECK(outcome.status == 0);
  for (const Mode* const mode : all_modes()) {
    CHECK(outcome.out.find("  " + std::string{mode->name}) != std::string::npos);
  }
  for (const char* const part :
       {"on Linux ", "ulimit -n", "CPU quota", "clock ", "io_uring NOP round trip "}) {
    CAPTURE(part);
    CHECK(outcome.out.find(part) != std::string::npos);
  }
}

TEST_CASE("doctor passes on what the kernel says when it is asked") {
  const Outcome outcome = run({"doctor"});
  const bool says = outcome.out.find("  asked, this kernel says: ") != std::string::npos;
  CHECK(says == (outcome.out.find("  query             6.18   yes ") != std::string::npos));
}

TEST_CASE("doctor on a machine where no mode can run says why and ends with 77") {
  // Registered receive memory is locked memory, which an ordinary user here has none of.
  const Outcome outcome = run_program(
      {"sh", "-c", "ulimit -l 0; exec setpriv --reuid 65534 --clear-groups \"$0\" doctor",
       binary()});
  CHECK(outcome.status == 77);
  CHECK(outcome.out.find("ulimit -l") != std::string::npos);
}

TEST_CASE("doctor names what is not there, and a mode that needs it says so and ends with 77") {
  const std::string without = "URB_TEST_WITHOUT=msg_ring_fd,ring_fd";
  const Outcome doctor = run_program({"env", without, binary(), "doctor"});
  CHECK(doctor.status == 0);  // other modes run
  CHECK(doctor.out.find("  ring_fd           5.18   no ") != std::string::npos);
  CHECK(doctor.out.find("  recv_multishot    6.0    ") != std::string::npos);
  const Outcome mode = run_program({"env", without, binary(), "msgring", "--no-save"});
  CHECK(mode.status == 77);
  CHECK(mode.err.find("IORING_MSG_SEND_FD") != std::string::npos);
  CHECK(doctor.out.find("msgring, msgring-head") != std::string::npos);
  const Outcome all = run_program({"env", without, binary(), "all", "-b", "0", "-r", "yes", "-n",
                                   "5", "--warmup", "0s", "--repeats", "1", "--budget", "0",
                                   "--accept-disturbed", "--no-save", "-q"});
  CHECK_MESSAGE(all.status == 0, all.err);
  CHECK(all.err.find("msgring-head is left out: ") != std::string::npos);
  CHECK(all.err.find("IORING_MSG_SEND_FD") != std::string::npos);
  const Outcome buffers = run_program({"env", "URB_TEST_WITHOUT=provided_inc", binary(), "direct",
                                       "--buffers", "provided-inc", "--no-save"});
  CHECK(buffers.status == 77);
  CHECK(buffers.err.find("Linux 6.12 or later; use --buffers provided") != std::string::npos);
  const Outcome single = run_program(
      {"env", "URB_TEST_WITHOUT=accept_multishot", binary(), "msgring-head", "--no-save"});
  CHECK(single.status == 77);
  const Outcome unknown =
      run_program({"env", "URB_TEST_WITHOUT=warp", binary(), "direct", "--no-save"});
  CHECK(unknown.status == 2);
  CHECK(unknown.err.find("warp") != std::string::npos);
}

TEST_CASE("a row names what its trial used of the kernel, and nothing that it did without") {
  const auto features = [](const std::string& without) {
    const Outcome outcome = run_program({"env",
                                         "URB_TEST_WITHOUT=" + without,
                                         binary(),
                                         "cluster",
                                         "-b",
                                         "0",
                                         "-r",
                                         "no",
                                         "-n",
                                         "20",
                                         "--warmup",
                                         "0s",
                                         "--repeats",
                                         "1",
                                         "--budget",
                                         "0",
                                         "--accept-disturbed",
                                         "--no-reference",
                                         "-q",
                                         "--csv",
                                         "-"});
    INFO(outcome.err);
    CHECK(outcome.status == 0);
    return outcome.out;
  };
  CHECK(features("").find(";accept_multishot;recv_multishot;send_waitall;iowq_limit") !=
        std::string::npos);
  const std::string fewer = features("accept_multishot");
  CHECK(fewer.find(";recv_multishot;send_waitall;iowq_limit") != std::string::npos);
  CHECK(fewer.find("accept_multishot") == std::string::npos);
  const std::string fewest = features("all");
  CHECK(fewest.find(",none,") != std::string::npos);
  CHECK(fewest.find("multishot") == std::string::npos);
}

TEST_CASE("micro measures what is named, a row for each trial") {
  const Outcome outcome =
      run({"micro", "nop", "fd-pass-16", "-n", "100", "--warmup", "0s", "--repeats", "2",
           "--budget", "0", "--accept-disturbed", "--csv", "-", "-q"});
  INFO(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(std::count(outcome.out.begin(), outcome.out.end(), '\n') == 5);
  CHECK(outcome.out.find(",micro-fd-pass-16,") != std::string::npos);
  CHECK(outcome.err.find("| micro-nop ") != std::string::npos);
}

TEST_CASE("micro ends with 77 where the kernel has no loops of rings, and says what it takes") {
  const Outcome outcome = run({"micro", "bpf-copy-4k", "-n", "10", "--warmup", "0s", "--repeats",
                               "1", "--budget", "0", "--accept-disturbed", "--no-save", "-q"});
  INFO(outcome.err);
  if (outcome.status == 0) return;  // Linux 7.1, and root
  CHECK(outcome.status == 77);
  const bool names_cause = outcome.err.find("Linux 7.1") != std::string::npos ||
                           outcome.err.find("CAP_BPF") != std::string::npos ||
                           outcome.err.find("CONFIG_DEBUG_INFO_BTF") != std::string::npos;
  CHECK(names_cause);
}

TEST_CASE("list-modes names every mode") {
  const Outcome outcome = run({"list-modes"});
  CHECK(outcome.status == 0);
  for (const Mode* const mode : all_modes()) {
    CHECK(outcome.out.find(std::string{mode->name}) != std::string::npos);
    CHECK(outcome.out.find(std::string{mode->summary}) != std::string::npos);
  }
}

TEST_CASE("list-columns says what each column means, for people and for programs") {
  const Outcome text = run({"list-columns"});
  CHECK(text.status == 0);
  const Outcome json = run({"list-columns", "--json"});
  CHECK(json.status == 0);
  const auto list = nlohmann::json::parse(json.out);
  REQUIRE(list.size() == kColumns.size());
  for (std::size_t place = 0; place < kColumns.size(); ++place) {
    const Column& column = kColumns.at(place);
    CHECK(list[place] == nlohmann::json{{"name", column.name},
                                        {"section", name_of(column.section)},
                                        {"unit", column.unit.name},
                                        {"meaning", column.meaning}});
    CHECK(text.out.find("| " + std::string{column.name} + " ") != std::string::npos);
    CHECK(text.out.find(std::string{column.meaning}) != std::string::npos);
  }
}

TEST_CASE("load goes to a Unix socket by the address that serve prints") {
  TempFolder folder;
  const std::string address = "unix:" + folder.file("server.sock");
  const Program serve{{binary(), "serve", "cluster", "-w", "1", "-l", address}};
  CHECK(wait_until([&] { return serve.out().find("listening on " + address) == 0; }));
  const Outcome outcome =
      run({"load", address, "-b", "0,100k", "-c", "4", "-n", "100", "--warmup", "0s", "-q"});
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  const Outcome ab = run({"load", address, "-n", "1", "--client", "ab"});
  if (ab.status != 77) CHECK(ab.status == 2);  // 77: not installed
}

TEST_CASE("load finds localhost on either loopback address, and never prints a password") {
  Serve serve{{"direct", "-w", "1"}};
  const std::string url = "http://localhost:" + serve.port() + "/";
  CHECK(run({"load", url, "-b", "0", "-n", "10", "--warmup", "0s", "-q"}).status == 0);
  const Outcome user = run({"load", "http://me:hunter2@127.0.0.1/", "-n", "1"});
  CHECK(user.status == 2);
  CHECK(user.err.find("Authorization") != std::string::npos);
  const Outcome extra = run({"load", url, "http://me:hunter2@127.0.0.1/"});
  CHECK(extra.status == 2);
  CHECK((user.err + user.out + extra.err + extra.out).find("hunter2") == std::string::npos);
}

TEST_CASE("load counts against serve exactly what was asked for") {
  for (const Mode* const mode : all_modes()) {
    const std::string name{mode->name};
    CAPTURE(name);
    Serve serve{{name}};
    const Outcome outcome =
        run({"load", serve.url(), "-b", "100k", "-c", "8", "-n", "500", "--warmup", "0s"});
    INFO(outcome.out, outcome.err);
    CHECK(outcome.status == 0);
    CHECK(outcome.out.find("500") != std::string::npos);
    serve.program().signal(SIGTERM);
    CHECK(serve.program().wait().status == 0);
  }
}

TEST_CASE("load tells the warnings of its row") {
  const Serve serve{{"direct"}};
  const Outcome outcome =
      run({"load", serve.url(), "-b", "0", "-c", "1", "-n", "20", "--warmup", "0s"});
  INFO(outcome.out, outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.err.find("warning: fewer than 100 requests") != std::string::npos);
}

TEST_CASE("load and runs in whose window no request ended have failed and say so") {
  const Serve serve{{"direct"}};
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"load", serve.url()},
        {"direct", "--repeats", "1", "--budget", "0", "--accept-disturbed", "--no-save"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(),
                     {"-b", "256M", "-r", "yes", "-d", "1us", "--warmup", "0s", "-q"});
    const Outcome outcome = run(arguments);
    INFO(outcome.out, outcome.err);
    CHECK(outcome.status == 1);
    CHECK(outcome.err.find("no request ended in the measured time") != std::string::npos);
    CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
  }
}

TEST_CASE("load against nobody is exit 1 and says why") {
  std::string port;
  {
    Serve serve{{"direct"}};
    port = serve.port();
    serve.program().signal(SIGTERM);
    static_cast<void>(serve.program().wait());
  }
  const Outcome outcome = run({"load", "http://127.0.0.1:" + port + "/", "-d", "200ms"});
  CHECK(outcome.status == 1);
  CHECK((outcome.out + outcome.err).find("refused") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace urb::test
