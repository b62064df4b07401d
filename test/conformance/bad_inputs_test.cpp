// Every case of test/data/http on the wire: what the parser says of a request is what a client of
// the running server gets, and nothing behind a refused request is answered or forwarded.
//
// docs/bad-inputs.md is the table of these outcomes in each mode. It is made by this test with
// URB_UPDATE_TABLE set (tools/update-bad-inputs) and compared with it otherwise.
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "conformance/conformance.hpp"
#include "support/http_cases.hpp"
#include "support/wire_outcome.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr const char* kTablePath = URB_TEST_DATA "/../../docs/bad-inputs.md";
constexpr std::array<std::string_view, 6> kModes{"direct",   "cluster", "socket",
                                                 "passthru", "msgring", "msgring-head"};
constexpr std::string_view kNextRequest = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::size_t kRefusedMin = 150;

bool ends_in_wait(const HttpCase& request) { return request.expect.ends_with("wait"); }

// Whether the last word of the outcome is a 200 behind which the connection goes on.
bool ends_kept(const HttpCase& request) {
  const std::size_t comma = request.expect.rfind(", ");
  const std::string last =
      comma == std::string::npos ? request.expect : request.expect.substr(comma + 2);
  return last.starts_with("200 keep");
}

bool is_refused(const HttpCase& request) {
  return !ends_in_wait(request) && !ends_kept(request) && !request.expect.ends_with("close 0") &&
         request.expect.find("close") == std::string::npos;
}

// What comes after the answer to a good request that ends the connection may meet a closed socket.
// So such a request is cut in its first head only; one that is refused anywhere.
std::size_t end_of_cuts(const HttpCase& request) {
  const std::size_t end_of_head = request.request.find("\r\n\r\n");
  const bool may_be_closed = request.expect.find("close") != std::string::npos;
  return may_be_closed && end_of_head != std::string::npos ? end_of_head : request.request.size();
}

// The answers that a client sees. Behind a request that keeps the connection the next one is
// answered, too; behind one that ends it, it is not; and where a message has no end, none is sent.
std::string expected_on_wire(const HttpCase& request) {
  std::string expect = request.expect;
  if (request.request.starts_with("HEAD ") && expect.ends_with(" 0")) {
    expect.replace(expect.size() - 1, 1, "none");
  }
  if (ends_kept(request)) return expect + ", 200 keep 0";
  if (!ends_in_wait(request)) return expect;
  return expect.substr(0, expect.size() - std::min(expect.size(), std::size_t{6}));  // ", wait"
}

std::string observe(const Server& server, const HttpCase& request, std::size_t cut) {
  const std::string all =
      request.request + std::string{ends_in_wait(request) ? std::string_view{} : kNextRequest};
  TcpClient client{server.address()};
  if (cut != 0) client.send_and_let_read(std::string_view{all}.substr(0, cut));
  if (client.try_send(std::string_view{all}.substr(cut))) client.end_sending();
  return read_outcome(client);
}

using Cells = std::map<std::string, std::array<std::string, kModes.size()>>;  // by case

std::string read_table() {
  std::ostringstream text;
  text << std::ifstream{kTablePath}.rdbuf();
  return text.str();
}

Cells cells_of(const std::string& table) {
  Cells cells;
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> parts;
    for (std::size_t at = 2; line.starts_with("| ") && at < line.size();) {
      const std::size_t end = std::min(line.find(" |", at), line.size());
      parts.push_back(line.substr(at, end - at));
      at = end + 3;
    }
    if (parts.size() < 1 + kModes.size()) continue;
    for (std::size_t mode = 0; mode < kModes.size(); ++mode) {
      cells[parts[0]][mode] = parts[1 + mode];
    }
  }
  return cells;
}

std::string format_table(const std::vector<HttpCase>& cases, Cells& cells) {
  std::string out =
      "# Bad inputs, and good ones that look alike\n\n"
      "This is what the running server does with each case of `test/data/http`, in each mode. A\n"
      "cell has the answers in order. `keep` or `close` and the body's bytes follow a 200.\n"
      "`wait` stands where the input ends within a message. The connection then ends\n"
      "unanswered. A refused request ends the connection. A good request right behind it is\n"
      "neither answered nor served.\n"
      "\n"
      "`tools/update-bad-inputs` writes this page, and every run of the suite `conformance`\n"
      "compares it with the server.\n";
  std::string file;
  for (const HttpCase& request : cases) {
    if (request.file != file) {
      file = request.file;
      out += "\n## " + file + "\n\n| case |";
      for (const std::string_view mode : kModes) out.append(" ").append(mode).append(" |");
      out += " why |\n| --- |";
      for (std::size_t column = 0; column < kModes.size(); ++column) out += " --- |";
      out += " --- |\n";
    }
    out += "| " + request.name + " |";
    for (const std::string& cell : cells[request.name]) out.append(" ").append(cell).append(" |");
    out += request.why.empty() ? " |\n" : " " + request.why + " |\n";
  }
  return out;
}

void compare_table(const std::string& made, const std::string& committed) {
  std::istringstream made_lines{made};
  std::istringstream committed_lines{committed};
  for (std::string made_line; std::getline(made_lines, made_line);) {
    std::string line;
    std::getline(committed_lines, line);
    REQUIRE_MESSAGE(line == made_line, "docs/bad-inputs.md: run tools/update-bad-inputs\n  is:     "
                                           << line << "\n  should: " << made_line);
  }
  CHECK(made == committed);
}

TEST_CASE_FIXTURE(SharedServer,
                  "every case of test/data/http gets on the wire what its file says") {
  const std::vector<HttpCase> cases = read_http_cases(URB_TEST_DATA "/http");
  CHECK(std::count_if(cases.begin(), cases.end(), is_refused) >=
        static_cast<std::ptrdiff_t>(kRefusedMin));
  const auto column = std::find(kModes.begin(), kModes.end(), mode_under_test().name);
  const std::string committed = read_table();
  Cells cells = cells_of(committed);
  std::mt19937_64 random{7};
  const std::uint64_t served_before = served_requests(server);
  std::size_t served = 0;
  for (const HttpCase& request : cases) {
    INFO(request.file << ": " << request.name);
    const std::string expected = expected_on_wire(request);
    const std::string whole = observe(server, request, 0);
    CHECK(whole == expected);
    served += count_served(whole);
    if (column != kModes.end()) {
      cells[request.name][static_cast<std::size_t>(column - kModes.begin())] =
          whole == expected ? request.expect : whole;
    }
    if (random() % 3 == 0) {
      const std::size_t cut = 1 + random() % end_of_cuts(request);
      CAPTURE(cut);
      const std::string in_pieces = observe(server, request, cut);
      CHECK(in_pieces == expected);
      served += count_served(in_pieces);
    }
  }
  // Nothing but what was answered has reached a worker as a request.
  CHECK(served_requests(server) - served_before == served);

  if (column == kModes.end()) return;  // a mode that the table does not know
  const std::string made = format_table(cases, cells);
  if (std::getenv("URB_UPDATE_TABLE") != nullptr) {
    std::ofstream{kTablePath} << made;
  } else {
    compare_table(made, committed);
  }
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
