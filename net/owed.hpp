#pragma once
// A value that somebody else will supply, once, perhaps from another thread, perhaps never. Used by
// net/http_server for answers and for the pieces of long ones.
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <utility>

namespace postern::net {

namespace asio = boost::asio;

/// A value somebody owes to a connection: handed over once, on the connection's thread, whichever
/// thread it comes from; also when everybody forgot it.
template <class Value>
class Owed {
 public:
  Owed(asio::any_io_executor executor, std::function<void(Value)> receive, Value when_forgotten)
      : executor_(std::move(executor)),
        receive_(std::move(receive)),
        when_forgotten_(std::move(when_forgotten)) {}
  Owed(const Owed&) = delete;
  Owed& operator=(const Owed&) = delete;
  ~Owed() { pay(std::move(when_forgotten_)); }

  // The connection goes along with the value: were it kept here, it could end on a foreign thread.
  void pay(Value value) {
    if (paid_.exchange(true)) return;
    asio::post(executor_, [receive = std::move(receive_), value = std::move(value)]() mutable {
      receive(std::move(value));
    });
  }

 private:
  asio::any_io_executor executor_;
  std::function<void(Value)> receive_;
  Value when_forgotten_;
  std::atomic<bool> paid_{false};
};

}  // namespace postern::net
