// TLS servers under clients of others, with bodies both ways, each byte checked. With
// URB_STRANGER_MIB another size than the quick one. With URB_STRANGER_GUEST, a kernel as --guest
// takes it, the server is in a virtual machine, and its kernel does TLS. URB_MODE chooses one mode.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/crc32c.hpp"
#include "e2e/guest_serve.hpp"
#include "e2e/program.hpp"
#include "tls/tls.hpp"

namespace urb::test {
namespace {

struct Way {
  std::string mode;
  std::string tls;
  std::string relay{};
};

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<Way> ways() {
  std::vector<Way> all{
      {"cluster", "worker"}, {"direct", "worker"}, {"msgring", "worker"}, {"socket", "sni"}};
  if (!environment("URB_STRANGER_GUEST").empty()) {
    all = {{"socket", "ktls"},
           {"msgring-head", "ktls"},
           {"passthru", "ktls", "sync"},
           {"passthru", "ktls", "copy"},
           {"passthru", "ktls", "linked"}};
  }
  const std::string mode = environment("URB_MODE");
  if (!mode.empty()) std::erase_if(all, [&](const Way& way) { return way.mode != mode; });
  REQUIRE_FALSE(all.empty());
  return all;
}

Bytes body_bytes() {
  const std::string typed = environment("URB_STRANGER_MIB");
  return Bytes{std::uint64_t{typed.empty() ? 8U : std::stoul(typed)} << 20};
}

/// An emulated machine takes less than a second for a MiB.
Nanos patience() {
  return std::chrono::minutes{2} + std::chrono::seconds{body_bytes().value >> 20};
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

/// Each byte is that of ?size=N. By the byte before it, which takes a hundredth of the time.
bool is_filler(std::string_view text) {
  return text.empty() ||
         (text[0] == 'x' && std::memcmp(text.data(), text.data() + 1, text.size() - 1) == 0);
}

/// What ?size=N asks for is in the file, behind the head if there is one.
void check_filler_in(const std::string& path) {
  std::uint64_t count = 0;
  bool has_others = false;
  bool is_first = true;
  read_parts(path, [&](std::string_view part) {
    if (std::exchange(is_first, false) && part.starts_with("HTTP/1.1 200")) {
      part.remove_prefix(part.find("\r\n\r\n") + 4);
    }
    count += part.size();
    has_others = has_others || !is_filler(part);
  });
  CHECK(count == body_bytes().value);
  CHECK_FALSE(has_others);
  MESSAGE("down: ", count, std::string{has_others ? " bytes, not all right" : " bytes, all right"});
}

void check_receipt_of(const std::string& answer, const std::string& crc) {
  const std::string wanted = fmt::format("\"bytes\":{},\"crc32c\":\"{}\"", body_bytes().value, crc);
  CHECK_MESSAGE(answer.find(wanted) != std::string::npos, answer);
  MESSAGE("up: ", answer.substr(std::min(answer.find('{'), answer.size())));
}

class Server {
 public:
  explicit Server(const Way& way) {
    const std::string kernel = environment("URB_STRANGER_GUEST");
    std::vector<std::string> arguments{way.mode, "--tls", way.tls};
    if (!way.relay.empty()) arguments.insert(arguments.end(), {"--relay", way.relay});
    MESSAGE(way.mode, " ", way.relay, " --tls ", way.tls, " ", kernel);
    if (kernel.empty()) {
      port_ = here_.emplace(arguments).port();
    } else {
      port_ = guest_.emplace(kernel, arguments).port();
    }
  }
  [[nodiscard]] const std::string& port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const { return "https://localhost:" + port_ + "/"; }
  [[nodiscard]] std::string url_down() const {
    return url() + fmt::format("?size={}", body_bytes().value);
  }

 private:
  std::optional<Serve> here_;
  std::optional<GuestServe> guest_;
  std::string port_;
};

Outcome run_patiently(const std::vector<std::string>& arguments) {
  return Program{arguments}.wait(patience());
}

void check_curl(const char* version) {
  if (!is_installed("curl")) return;
  const TempFolder folder;
  const std::string body = folder.make_file("body", body_bytes());
  const std::string crc = crc_of(body);
  for (const Way& way : ways()) {
    CAPTURE(way.mode);
    CAPTURE(way.relay);
    const Server server{way};
    const auto run_curl = [&](const std::vector<std::string>& more) {
      std::vector<std::string> arguments{"curl",      "-sSk",
                                         "--resolve", "localhost:" + server.port() + ":127.0.0.1",
                                         "--tls-max", version};
      arguments.insert(arguments.end(), more.begin(), more.end());
      return run_patiently(arguments);
    };
    const Outcome up = run_curl(
        {"-H", "X-Verify: crc32c", "-H", "Expect:", "-T", body, "-X", "POST", server.url()});
    INFO(up.err);
    check_receipt_of(up.out, crc);
    const Outcome down = run_curl({"-o", folder.file("answer"), server.url_down()});
    INFO(down.err);
    CHECK(down.status == 0);
    check_filler_in(folder.file("answer"));
  }
}

}  // namespace

TEST_SUITE_BEGIN("e2e" * doctest::skip(tls::library().empty()));

TEST_CASE("strangers: curl with TLS 1.3, up and down") { check_curl("1.3"); }

TEST_CASE("strangers: curl with TLS 1.2, up and down") { check_curl("1.2"); }

TEST_CASE("strangers: openssl s_client, up and down, and its end") {
  if (!is_installed("openssl")) return;
  const TempFolder folder;
  const std::string body = folder.make_file("body", body_bytes());
  const std::string answer = folder.file("answer");
  for (const Way& way : ways()) {
    CAPTURE(way.mode);
    CAPTURE(way.relay);
    const Server server{way};
    // It ends with the server, and its status says whether that was announced.
    const auto talk = [&](const std::string& head, const std::string& file) {
      return run_patiently({"sh", "-c",
                            "(printf \"$1\"; cat \"$2\") | openssl s_client -quiet -connect "
                            "127.0.0.1:\"$3\" -servername localhost >\"$4\"",
                            "sh", head, file, server.port(), answer});
    };
    const Outcome up = talk(fmt::format("POST / HTTP/1.1\\r\\nHost: a\\r\\nX-Verify: crc32c\\r\\n"
                                        "Connection: close\\r\\nContent-Length: {}\\r\\n\\r\\n",
                                        body_bytes().value),
                            body);
    INFO(up.err);
    CHECK(up.status == 0);
    check_receipt_of(folder.read("answer"), crc_of(body));
    const Outcome down =
        talk(fmt::format("GET /?size={} HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n",
                         body_bytes().value),
             "/dev/null");
    INFO(down.err);
    CHECK(down.status == 0);
    check_filler_in(answer);
  }
}

TEST_CASE("strangers: ab with https, connections kept and not, bodies both ways") {
  if (!is_installed("ab")) return;
  const TempFolder folder;
  const std::string body = folder.make_file("body", Bytes{100'000});
  for (const Way& way : ways()) {
    CAPTURE(way.mode);
    CAPTURE(way.relay);
    const Server server{way};
    const std::string address = "https://127.0.0.1:" + server.port() + "/?size=50000";
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
  for (const Way& way : ways()) {
    CAPTURE(way.mode);
    CAPTURE(way.relay);
    const Server server{way};
    const Outcome outcome = run_program({"h2load", "--h1", "-n", "100", "-c", "4",
                                         "https://127.0.0.1:" + server.port() + "/?size=50000"});
    INFO(outcome.out, outcome.err);
    CHECK(outcome.status == 0);
    CHECK(outcome.out.find("100 succeeded, 0 failed, 0 errored") != std::string::npos);
  }
}

TEST_SUITE_END();

}  // namespace urb::test
