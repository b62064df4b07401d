// Names of functions: the parts that compilers make, and renamed ones.
#include "profile/aliases.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

TEST_SUITE_BEGIN("unit");

using Names = std::set<std::string>;

TEST_CASE("aliases: what compilers put behind a name says nothing") {
  for (const char* const name :
       {"tcp_ack", "tcp_ack.constprop.0", "tcp_ack.isra.1", "tcp_ack.part.2", "tcp_ack.cold",
        "tcp_ack.isra.0.cold", "tcp_ack.lto_priv.0", "tcp_ack [clone .part.0]"}) {
    CHECK(urb::without_suffixes(name) == "tcp_ack");
  }
  CHECK(urb::without_suffixes("__x86_return_thunk") == "__x86_return_thunk");
  CHECK(urb::without_suffixes("ours::Part::cold") == "ours::Part::cold");
}

TEST_CASE("aliases: a renamed function is one, with both names") {
  const urb::Renames renames{Names{"clear_page_rep", "tcp_ack"},
                             Names{"clear_highpages_kasan_tagged", "tcp_ack"}};
  const std::string both = "clear_page_rep → clear_highpages_kasan_tagged";
  CHECK(renames.name_of("clear_page_rep") == both);
  CHECK(renames.name_of("clear_highpages_kasan_tagged") == both);
  CHECK(renames.name_of("tcp_ack") == "tcp_ack");
}

TEST_CASE("aliases: a class that was renamed is one, function by function") {
  const urb::Renames renames{
      Names{"urb::SessionPool::advance", "urb::SessionPool::respond", "urb::SessionPoolX::advance"},
      Names{"urb::BasicSessionPool::advance", "urb::BasicSessionPool::begin_work"}};
  const std::string both = "urb::SessionPool::advance → urb::BasicSessionPool::advance";
  CHECK(renames.name_of("urb::SessionPool::advance") == both);
  CHECK(renames.name_of("urb::BasicSessionPool::advance") == both);
  for (const char* const alone : {"urb::SessionPool::respond", "urb::BasicSessionPool::begin_work",
                                  "urb::SessionPoolX::advance"}) {
    CHECK(renames.name_of(alone) == alone);
  }
}

TEST_CASE("aliases: where both sides have all the names, nothing was renamed") {
  const Names both{"free_unref_page", "__free_frozen_pages"};
  const urb::Renames renames{both, both};
  CHECK(renames.name_of("free_unref_page") == "free_unref_page");
  CHECK(renames.name_of("__free_frozen_pages") == "__free_frozen_pages");
}

TEST_CASE("aliases: a function that one side alone has is a gain or a loss") {
  const urb::Renames renames{Names{"tcp_ack"}, Names{"clear_page_rep"}};
  CHECK(renames.name_of("clear_page_rep") == "clear_page_rep");
}

TEST_CASE("aliases: a function that was split is the sum of its parts") {
  const urb::Renames renames{Names{"scm_recv"}, Names{"scm_recv_unix", "__scm_recv_common"}};
  CHECK(renames.name_of("scm_recv") == renames.name_of("__scm_recv_common"));
  CHECK(renames.name_of("scm_recv_unix") == "scm_recv → scm_recv_unix + __scm_recv_common");
}
