// TLS servers under clients of others, with bodies both ways, each byte checked. With
// URB_STRANGER_MIB another size than the quick one.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/crc32c.hpp"
#include "e2e/program.hpp"
#include "tls/tls.hpp"

namespace urb::test {
namespace {

struct Way {
  const char* mode;
  const char* tls;
};
constexpr Way kWays[] = {
    {"cluster", "worker"}, {"direct", "worker"}, {"msgring", "worker"}, {"socket", "sni"}};

Bytes body_bytes() {
  const char* const typed = std::getenv("URB_STRANGER_MIB");
  return Bytes{std::uint64_t{typed == nullptr ? 8U : std::strtoul(typed, nullptr, 10)} << 20};
}

/// Calls `visit(bytes)` for each part of a file.
template <class Visit>
void read_parts(const std::string& path, Visit&& visit) {
  std::ifstream in{path, std::ios::binary};
  std::vector<char> part(1 << 20);
  while (in.read(part.data(), static_cast<std::streamsize>(part.size())), in.gcount() > 0) {
    visit(std::string_view{part.data(), static_cast<std::size_t>(in.gcount())});
  }
}

std::string crc_of(const std::string& path) {
  std::uint32_t crc = 0;
  read_parts(path,
             [&](std::string_view part) { crc = crc32c(crc, std::as_bytes(std::span{part})); });
  return fmt::format("{:08x}", crc);
}

/// Whether the file is what ?size=N asks for, behind the head if there is one.
bool is_filler(const std::string& path, std::uint64_t bytes) {
  std::uint64_t count = 0;
  bool has_others = false;
  bool is_first = true;
  read_parts(path, [&](std::string_view part) {
    if (std::exchange(is_first, false) && part.starts_with("HTTP/1.1 200")) {
      part.remove_prefix(part.find("\r\n\r\n") + 4);
    }
    count += part.size();
    has_others = has_others || part.find_first_not_of('x') != std::string_view::npos;
  });
  return count == bytes && !has_others;
}

void check_receipt_of(const std::string& answer, const std::string& crc) {
  INFO(answer);
  CHECK(answer.find(fmt::format("\"bytes\":{}", body_bytes().value)) != std::string::npos);
  CHECK(answer.find(fmt::format("\"crc32c\":\"{}\"", crc)) != std::string::npos);
}

struct Rig {
  explicit Rig(const Way& way) : server{{way.mode, "--tls", way.tls}} {
    url = "https://localhost:" + server.port() + "/";
    down = url + fmt::format("?size={}", body_bytes().value);
    curl = {"curl", "-sk", "--resolve", "localhost:" + server.port() + ":127.0.0.1"};
  }
  [[nodiscard]] Outcome run_curl(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = curl;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  TempFolder folder;
  Serve server;
  std::string url;
  std::string down;
  std::vector<std::string> curl;
};

}  // namespace

TEST_SUITE_BEGIN("e2e" * doctest::skip(tls::library().empty()));

TEST_CASE("strangers: curl, up and down, with TLS 1.3 and 1.2") {
  if (!is_installed("curl")) return;
  for (const Way& way : kWays) {
    CAPTURE(way.mode);
    const Rig rig{way};
    const std::string body = rig.folder.make_file("body", body_bytes());
    const std::string crc = crc_of(body);
    for (const char* const version : {"1.2", "1.3"}) {
      CAPTURE(version);
      const Outcome up = rig.run_curl({"--tls-max", version, "-H", "X-Verify: crc32c", "-H",
                                       "Expect:", "-T", body, "-X", "POST", rig.url});
      check_receipt_of(up.out, crc);
      const Outcome down =
          rig.run_curl({"--tls-max", version, "-o", rig.folder.file("answer"), rig.down});
      CHECK(down.status == 0);
      CHECK(is_filler(rig.folder.file("answer"), body_bytes().value));
    }
  }
}

TEST_CASE("strangers: openssl s_client, up and down, and its end") {
  if (!is_installed("openssl")) return;
  for (const Way& way : kWays) {
    CAPTURE(way.mode);
    const Rig rig{way};
    const std::string body = rig.folder.make_file("body", body_bytes());
    const std::string answer = rig.folder.file("answer");
    // It ends with the server, and its status says whether that was announced.
    const auto talk = [&](const std::string& head, const std::string& file) {
      return run_program({"sh", "-c",
                          "(printf \"$1\"; cat \"$2\") | openssl s_client -quiet -connect "
                          "127.0.0.1:\"$3\" -servername localhost >\"$4\"",
                          "sh", head, file, rig.server.port(), answer});
    };
    const Outcome up = talk(fmt::format("POST / HTTP/1.1\\r\\nHost: a\\r\\nX-Verify: crc32c\\r\\n"
                                        "Connection: close\\r\\nContent-Length: {}\\r\\n\\r\\n",
                                        body_bytes().value),
                            body);
    INFO(up.err);
    CHECK(up.status == 0);
    std::string text;
    read_parts(answer, [&](std::string_view part) { text += part; });
    check_receipt_of(text, crc_of(body));
    const Outcome down =
        talk(fmt::format("GET /?size={} HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n",
                         body_bytes().value),
             "/dev/null");
    INFO(down.err);
    CHECK(down.status == 0);
    CHECK(is_filler(answer, body_bytes().value));
  }
}

TEST_CASE("strangers: ab with https, connections kept and not, bodies both ways") {
  if (!is_installed("ab")) return;
  for (const Way& way : kWays) {
    CAPTURE(way.mode);
    const Rig rig{way};
    const std::string body = rig.folder.make_file("body", Bytes{100'000});
    const std::string address = "https://127.0.0.1:" + rig.server.port() + "/?size=50000";
    for (const bool keeps : {false, true}) {
      CAPTURE(keeps);
      std::vector<std::string> arguments{"ab", "-q", "-n", "100", "-c", "4", "-p", body};
      if (keeps) arguments.emplace_back("-k");
      arguments.push_back(address);
      const Outcome outcome = run_program(arguments);
      INFO(outcome.out, outcome.err);
      CHECK(outcome.status == 0);
      CHECK(outcome.out.find("Complete requests:      100\n") != std::string::npos);
      CHECK(outcome.out.find("Failed requests:        0\n") != std::string::npos);
      CHECK(outcome.out.find("Non-2xx") == std::string::npos);
      CHECK(outcome.out.find("HTML transferred:       5000000 bytes") != std::string::npos);
    }
  }
}

TEST_CASE("strangers: h2load with HTTP/1.1") {
  if (!is_installed("h2load")) return;
  for (const Way& way : kWays) {
    CAPTURE(way.mode);
    const Rig rig{way};
    const Outcome outcome =
        run_program({"h2load", "--h1", "-n", "100", "-c", "4",
                     "https://127.0.0.1:" + rig.server.port() + "/?size=50000"});
    INFO(outcome.out, outcome.err);
    CHECK(outcome.status == 0);
    CHECK(outcome.out.find("100 succeeded, 0 failed, 0 errored") != std::string::npos);
  }
}

TEST_SUITE_END();

}  // namespace urb::test
