// Writes the requests of test/data/http as seeds: request_seeds CASES HEAD_DIRECTORY
#include <cstdio>
#include <fstream>
#include <string>

#include "support/http_cases.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int number = 0;
  for (const urb::test::HttpCase& one : urb::test::read_http_cases(argv[1])) {
    std::ofstream file{std::string{argv[2]} + "/case-" + std::to_string(++number)};
    file << one.request << "00";  // the target's control bytes
    if (!file.flush()) return 1;
  }
  std::printf("%d seeds\n", number);
  return number != 0 ? 0 : 1;
}
