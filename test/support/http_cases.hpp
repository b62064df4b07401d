// Requests in readable files (test/data/http/*.md), and what a server has to make of them.
//
// A case is a "## name", a line "Expect: OUTCOME", perhaps a line "Why: …", and a block fenced by
// ```http. How the block
// becomes bytes is described in test/data/http/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace urb::test {

struct HttpCase {
  std::string file;  ///< without folder
  std::string name;
  std::string expect;   ///< "200 keep 5, 400": what happens to each message, in order
  std::string why;      ///< the reason, where it is not obvious; else empty
  std::string request;  ///< the bytes
};

/// All cases of the folder, in order of file names. A file that makes no sense fails the test.
[[nodiscard]] std::vector<HttpCase> read_http_cases(const std::string& folder);

/// The bytes that the text of a block stands for.
[[nodiscard]] std::string unescape_request(std::string_view block);

}  // namespace urb::test
