// Secrets of a command line do not reach files of results.
#include "cli/redaction.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

TEST_SUITE_BEGIN("unit");

TEST_CASE("redaction: values of headers that are secrets, however the option is spelled") {
  const std::vector<std::string> headers{"Authorization: Bearer s3", "cookie:s3", "X-Api-Key: s3",
                                         "X-Route: 7"};
  const std::vector<std::string> shown =
      urb::redact({"load", "-H", "Authorization: Bearer s3", "-Hcookie:s3",
                   "--header=X-Api-Key: s3", "-H", "X-Route: 7"},
                  headers);
  CHECK(shown == std::vector<std::string>{"load", "-H", "Authorization: (hidden)",
                                          "-Hcookie: (hidden)", "--header=X-Api-Key: (hidden)",
                                          "-H", "X-Route: 7"});
}

TEST_CASE("redaction: users and passwords of URLs, and no other @") {
  using urb::redact_urls;
  CHECK(redact_urls("http://me:s3@host:80/a") == "http://(hidden)@host:80/a");
  CHECK(redact_urls("http://me:s@3@host") == "http://(hidden)@host");
  CHECK(redact_urls("http://host/a@b?c@d") == "http://host/a@b?c@d");
  CHECK(redact_urls("no URL: a@b") == "no URL: a@b");
}

TEST_CASE("redaction: values of a query that are secrets by their name") {
  using urb::redact_urls;
  CHECK(redact_urls("http://host/?size=4&api_key=s3&x=1") ==
        "http://host/?size=4&api_key=(hidden)&x=1");
  CHECK(redact_urls("http://me:s3@host/a?Token=s3#end") ==
        "http://(hidden)@host/a?Token=(hidden)#end");
  CHECK(redact_urls("http://host/?secret") == "http://host/?secret");
  CHECK(redact_urls("?token=1 is no URL") == "?token=1 is no URL");
}

TEST_SUITE_END();
