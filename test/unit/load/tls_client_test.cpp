// The client through TLS, against a server of the test's.
#include <doctest/doctest.h>

#include <atomic>

#include "support/deadline.hpp"
#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit" * doctest::skip(urb::tls::library().empty()));

namespace urb::test {
namespace {

tls::Context make_server_side() {
  return tls::Context::for_server(tls::make_throwaway_identity(), false);
}

}  // namespace

TEST_CASE("tls client: where it closes first it says that nothing follows") {
  tls::Context context = make_server_side();
  std::atomic<unsigned> clean{0};
  std::atomic<unsigned> answered{0};
  {
    const ScriptedServer server{[&](Peer& peer) {
                                  while (peer.read_request()) {
                                    ++answered;
                                    peer.write(make_response("ok"));
                                  }
                                  clean += peer.has_clean_end() ? 1 : 0;
                                },
                                &context};
    LoadOptions options = load_on(server.address());
    options.tls = true;
    options.requests = 20;
    options.body = Bytes{1000};
    const LoadResult result = run(options);
    CHECK(result.errors.total() == 0);
    CHECK(result.requests == 20);
    CHECK(result.connections == 2);
    CHECK(wait_until([&] { return clean == 2; }));
  }
  CHECK(answered >= 20);
}

}  // namespace urb::test
