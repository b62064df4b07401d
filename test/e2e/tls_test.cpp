// TLS as a user meets it: runs, `serve` under strangers, `load`.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "row/row_reader.hpp"
#include "tls/tls.hpp"

namespace urb::test {
namespace {

const std::vector<std::pair<std::string, std::string>> kWays{
    {"cluster", "worker"}, {"direct", "worker"}, {"msgring", "worker"}, {"socket", "sni"}};

/// How often `text` is in `all`.
std::size_t count_of(const std::string& all, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
    ++count;
  return count;
}

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
    CHECK(count_of(rows, resumes ? ",worker+resume," : ",worker,") == 3 * 2 * 2);
    CHECK(rows.find("failed") == std::string::npos);
  }
}

TEST_CASE("a run with --tls sni: the master saw each hello, and --policy key goes by the name") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  for (const char* const policy : {"rr", "key"}) {
    const Outcome outcome =
        run({"socket", "--tls", "sni",       "--policy", policy,     "-b", "0",
             "-r",     "no",    "--repeats", "1",        "--budget", "0",  "--accept-disturbed",
             "-d",     "200ms", "--warmup",  "50ms",     "-c",       "8",  "-w",
             "2",      "-q",    "--csv",     csv});
    INFO(outcome.err);
    CHECK(outcome.status == 0);
  }
  const std::vector<Row> rows = read_rows(csv);
  REQUIRE(rows.size() == 2);
  for (const Row& row : rows) {
    CHECK(row.tls == "sni");
    CHECK(row.status == Status::ok);
    CHECK(*row.heads_by_master > 0);
    CHECK(*row.handshakes_per_s > 0);
  }
  CHECK(rows[1].policy == "key");
  CHECK(rows[1].routing_fidelity == 1.0);
}

TEST_CASE("a run of modes that do TLS in different ways is one table") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Outcome outcome = run({"direct:worker", "cluster:worker", "socket:sni", "-b", "0", "-r",
                               "no", "--repeats", "1", "--budget", "0", "--accept-disturbed", "-d",
                               "100ms", "--warmup", "50ms", "-q", "--csv", csv});
  INFO(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.out.find("socket tls=sni") != std::string::npos);
  const std::vector<Row> rows = read_rows(csv);
  REQUIRE(rows.size() == 3);
  for (const Row& row : rows) {
    CHECK(row.tls == (row.mode == "socket" ? "sni" : "worker"));
    CHECK(row.status == Status::ok);
    CHECK(*row.handshakes_per_s > 0);
  }
}

TEST_CASE("serve with TLS: curl up and down, openssl's client, load; and what is refused") {
  const TempFolder folder;
  constexpr std::uint64_t kBytes = 20 << 20;
  const std::string body = folder.make_file("body", Bytes{kBytes});
  for (const auto& [mode, kind] : kWays) {
    INFO(mode);
    Serve server{{mode, "--tls", kind}};
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
        {"serve", "cluster", "--tls", "sni"},
        {"serve", "msgring-head", "--tls", "sni"},
        {"cluster", "--tls-resume", "--no-save"},
        {"cluster", "--tls", "worker", "--cert", "/dev/null", "--no-save"},
        {"cluster", "--tls", "worker", "--cert", "/dev/null", "--key", "/dev/null", "--no-save"}}) {
    const Outcome outcome = run(arguments);
    INFO(outcome.err);
    CHECK(outcome.status == 2);
    CHECK_FALSE(outcome.err.empty());
  }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("e2e" * doctest::skip(!tls::library().empty()));

TEST_CASE("a build without a library refuses TLS, says what is missing, and does the rest") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"serve", "cluster", "--tls", "worker"},
        {"serve", "socket", "--tls", "sni"},
        {"direct", "--tls", "worker", "--no-save", "-q"},
        {"load", "https://127.0.0.1:1/", "-q"}}) {
    const Outcome outcome = run(arguments);
    INFO(outcome.err);
    CHECK(outcome.status == 77);
    CHECK(outcome.err.find("libssl-dev") != std::string::npos);
  }
  CHECK(run({"doctor"}).out.find("libssl-dev") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace urb::test
