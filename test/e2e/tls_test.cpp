// TLS as a user meets it: runs, `serve` under strangers, `load`.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "tls/tls.hpp"

namespace urb::test {
namespace {

const std::vector<std::string> kModes{"cluster", "direct", "msgring"};

std::string read_file(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_SUITE_BEGIN("e2e" * doctest::skip(tls::library().empty()));

TEST_CASE("a run with --tls worker: rows with handshakes, whole or resumed") {
  const TempFolder folder;
  for (const bool resumes : {false, true}) {
    const std::string csv = folder.file(resumes ? "resumed.csv" : "whole.csv");
    std::vector<std::string> arguments{
        "cluster", "direct",    "msgring",  "--tls",    "worker", "-b",
        "0,300k",  "--repeats", "1",        "--budget", "0",      "--accept-disturbed",
        "-d",      "200ms",     "--warmup", "50ms",     "-c",     "8",
        "-q",      "--csv",     csv};
    if (resumes) arguments.emplace_back("--tls-resume");
    const Outcome outcome = run(arguments);
    INFO(outcome.err);
    CHECK(outcome.status == 0);
    const std::string rows = read_file(csv);
    const std::string claim = resumes ? ",worker+resume," : ",worker,";
    std::size_t count = 0;
    for (std::size_t at = rows.find(claim); at != std::string::npos; at = rows.find(claim, at + 1))
      ++count;
    CHECK(count == 3 * 2 * 2);
    CHECK(rows.find("failed") == std::string::npos);
  }
}

TEST_CASE("serve with TLS: curl up and down, openssl's client, load; and what is refused") {
  const TempFolder folder;
  constexpr std::uint64_t kBytes = 20 << 20;
  const std::string body = folder.make_file("body", Bytes{kBytes});
  for (const std::string& mode : kModes) {
    INFO(mode);
    Serve server{{mode, "--tls", "worker"}};
    const std::string url = "https://127.0.0.1:" + server.port() + "/";
    const Outcome up = run_program({"curl", "-sk", "--data-binary", "@" + body, url});
    CHECK(up.out.find("\"bytes\":" + std::to_string(kBytes)) != std::string::npos);
    const Outcome down =
        run_program({"curl", "-sk", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                     url + "?size=" + std::to_string(kBytes)});
    CHECK(down.out == "200 " + std::to_string(kBytes));
    const Outcome old = run_program({"curl", "-sk", "--tls-max", "1.2", url});
    CHECK(old.out.find("\"mode\":\"" + mode) != std::string::npos);
    const Outcome plain = run_program({"curl", "-s", server.url()});
    CHECK(plain.status != 0);
    // Answers that fit into the client's short memory, and longer ones.
    for (const std::string& path : {std::string{}, std::string{"?size=100000"}}) {
      const Outcome load = run({"load", url + path, "-b", "10k", "-c", "4", "-d", "100ms", "-q"});
      INFO(load.err);
      CHECK(load.status == 0);
    }
  }
}

TEST_CASE("--tls where it does not go: status 2, and why") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"serve", "socket", "--tls", "worker"},
        {"serve", "passthru", "--tls", "worker"},
        {"cluster", "--tls-resume", "--no-save"},
        {"cluster", "--tls", "worker", "--cert", "/dev/null", "--no-save"},
        {"cluster", "--tls", "worker", "--cert", "/dev/null", "--key", "/dev/null", "--no-save"}}) {
    const Outcome outcome = run(arguments);
    INFO(outcome.err);
    CHECK(outcome.status == 2);
    CHECK_FALSE(outcome.err.empty());
  }
}

}  // namespace urb::test
