// Resolver: literals skip the system, failures are errors and never exceptions.
#include "net/resolver.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

namespace postern::net {
namespace {

using namespace std::chrono_literals;

Resolved ask(Resolver& resolver, const std::string& host) {
  asio::io_context io{1};
  std::optional<Resolved> answer;
  asio::co_spawn(io, resolver.resolve(host, 587),
                 [&](std::exception_ptr failure, Resolved resolved) {
                   EXPECT_FALSE(failure);
                   answer = std::move(resolved);
                 });
  while (!answer && io.run_one_for(20s) > 0) continue;
  return answer.value();
}

class CountingResolver final : public Resolver {
 public:
  int asked = 0;

 private:
  asio::awaitable<Resolved> look_up(std::string, std::uint16_t) override {
    ++asked;
    co_return asio::error::make_error_code(asio::error::host_not_found_try_again);
  }
};

TEST(Resolver, LiteralsSkipTheLookUp) {
  CountingResolver resolver;
  const Resolved v4 = ask(resolver, "192.0.2.7");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->front().address().to_string(), "192.0.2.7");
  EXPECT_EQ(v4->front().port(), 587);
  const Resolved v6 = ask(resolver, "2001:db8::1");
  ASSERT_TRUE(v6);
  EXPECT_TRUE(v6->front().address().is_v6());
  EXPECT_EQ(resolver.asked, 0);
}

TEST(Resolver, NamesAreLookedUpAndAFailureIsAnErrorCode) {
  CountingResolver resolver;
  const Resolved failed = ask(resolver, "smtp.example");
  EXPECT_EQ(resolver.asked, 1);
  EXPECT_EQ(failed.error(), asio::error::host_not_found_try_again);
}

TEST(Resolver, TheSystemKnowsLocalhost) {
  SystemResolver resolver(10s);
  const Resolved found = ask(resolver, "localhost");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_TRUE(found->front().address().is_loopback());
}

TEST(Resolver, ASlowAnswerIsGivenUp) {
  SystemResolver resolver(0ms);
  EXPECT_EQ(ask(resolver, "name.invalid").error(), asio::error::timed_out);
}

}  // namespace
}  // namespace postern::net
