// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <optional>

#include "tests/unit/upstream/net/silent_servers.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using test::silent_servers;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

io::task<> ask(resolver& from, std::string host, std::optional<addresses>& out) {
  auto answer = co_await from.resolve(std::move(host), "80");
  out = std::move(answer);
}

void spawn(io::context& context, resolver& from, std::string host, std::optional<addresses>& out) {
  boost::asio::co_spawn(context, ask(from, std::move(host), out),
                        [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
}

std::vector<tcp::endpoint> found(const std::optional<addresses>& answer) {
  return answer && answer->index() == 0 ? std::get<0>(*answer) : std::vector<tcp::endpoint>{};
}

TEST(resolver, asks_nobody_for_a_number) {
  io::context context{1};
  resolver made(context, [](const std::string&, const std::string&) -> addresses { return "asked"; });
  std::optional<addresses> four;
  std::optional<addresses> six;
  spawn(context, made, "127.0.0.1", four);
  spawn(context, made, "::1", six);
  context.run_for(60s);
  EXPECT_THAT(found(four), ElementsAre(tcp::endpoint(make_address("127.0.0.1"), 80)));
  EXPECT_THAT(found(six), ElementsAre(tcp::endpoint(make_address("::1"), 80)));
}

TEST(resolver, asks_the_system) {
  io::context context{1};
  resolver made(context);
  std::optional<addresses> answer;
  spawn(context, made, "localhost", answer);
  context.run_for(60s);
  EXPECT_THAT(found(answer), Contains(tcp::endpoint(make_address("127.0.0.1"), 80)));
}

TEST(resolver, takes_nothing_but_this_machine_for_localhost) {
  const tcp::endpoint there(make_address("192.0.2.7"), 80);
  const tcp::endpoint here(make_address("::1"), 80);
  for (const char* name : {"localhost", "api.LOCALHOST"}) {
    io::context context{1};
    std::vector<tcp::endpoint> says{there, here};
    resolver made(context, [&](const std::string&, const std::string&) -> addresses { return says; });
    std::optional<addresses> answer;
    spawn(context, made, name, answer);
    context.run_for(60s);
    EXPECT_THAT(found(answer), ElementsAre(here)) << name;
    says = {there};
    context.restart();
    std::optional<addresses> none;
    spawn(context, made, name, none);
    context.run_for(60s);
    ASSERT_TRUE(none && none->index() == 1) << name;
    EXPECT_THAT(std::get<1>(*none), HasSubstr("/etc/hosts"));
  }
}

TEST(resolver, passes_on_why_there_is_no_address) {
  io::context context{1};
  resolver made(context, [](const std::string& host, const std::string&) -> addresses { return "no " + host; });
  std::optional<addresses> answer;
  spawn(context, made, "shop.example", answer);
  context.run_for(60s);
  EXPECT_EQ(answer, addresses("no shop.example"));
}

TEST(resolver, nobody_waits_for_a_look_up_that_was_given_up) {
  silent_servers servers;
  std::optional<addresses> answer;
  {
    io::context context{1};
    resolver made(context, servers.function());
    spawn(context, made, "shop.example", answer);
    context.poll();
    made.cancel();
    context.run_for(60s);
    EXPECT_TRUE(answer);
  }
  {
    io::context context{1};
    resolver made(context, servers.function());
    spawn(context, made, "shop.example", answer);
    context.poll();
  }
}

TEST(resolver, bounds_how_many_look_ups_wait) {
  silent_servers servers;
  io::context context{1};
  std::vector<std::unique_ptr<resolver>> many;
  std::vector<std::optional<addresses>> answers(detached_call::max_running + 1);
  for (auto& answer : answers) {
    many.push_back(std::make_unique<resolver>(context, servers.function()));
    spawn(context, *many.back(), "shop.example", answer);
    context.poll();
  }
  ASSERT_TRUE(answers.back());
  EXPECT_THAT(std::get<std::string>(*answers.back()), HasSubstr("earlier look-ups still wait"));
  servers.answer("at last");
  context.run_for(60s);
  EXPECT_EQ(answers.front(), addresses("at last"));

  std::optional<addresses> after;
  spawn(context, *many.front(), "shop.example", after);
  context.restart();
  context.run_for(60s);
  EXPECT_EQ(after, addresses("at last"));
}

}  // namespace
}  // namespace roombridge::upstream
