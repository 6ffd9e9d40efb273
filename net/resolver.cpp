#include "net/resolver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <utility>

namespace postern::net {
namespace {

using asio::ip::tcp;

// getaddrinfo cannot be interrupted: the question outlives an asker who has lost patience.
struct Question {
  explicit Question(const asio::any_io_executor& executor)
      : resolver(executor), patience(executor) {}
  tcp::resolver resolver;
  asio::steady_timer patience;
  Resolved answer = asio::error::make_error_code(asio::error::timed_out);
};

}  // namespace

asio::awaitable<Resolved> Resolver::resolve(std::string host, std::uint16_t port) {
  error_code is_name;
  const asio::ip::address address = asio::ip::make_address(host, is_name);
  if (!is_name) {
    Endpoints literal;
    literal.emplace_back(address, port);
    co_return literal;
  }
  co_return co_await look_up(std::move(host), port);
}

asio::awaitable<Resolved> SystemResolver::look_up(std::string host, std::uint16_t port) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto question = std::make_shared<Question>(executor);
  question->patience.expires_after(timeout_);
  question->resolver.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service,
      [question](error_code error, const tcp::resolver::results_type& results) {
        Endpoints endpoints;
        for (const auto& entry : results) endpoints.push_back(entry.endpoint());
        if (!error && endpoints.empty()) error = asio::error::host_not_found;
        if (error)
          question->answer = error;
        else
          question->answer = std::move(endpoints);
        question->patience.cancel();
      });
  auto operation = question->patience.async_wait(asio::as_tuple(asio::deferred));
  co_await std::move(operation);
  co_return question->answer;
}

}  // namespace postern::net
