#pragma once
// How to reach an SES account, and a watch that asks it for quota and standing (GetAccount) every
// few minutes. Used by the ses transport. Any thread; answers come on the HTTP client's.
//
// A key that may send but not ask (IAM) is no fault: the account is then unknown, and says so.
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/secret.hpp"
#include "net/http_client.hpp"
#include "transports/transport.hpp"

namespace postern::transports {

struct SesAccess {
  std::string base_url;  // scheme://host:port
  std::string region;
  Secret key_id;
  Secret secret;
  Secret session_token;  // of temporary credentials; empty: none

  /// To be signed; a body's digest is for the caller to add.
  net::HttpRequest request(net::HttpRequest::Method method, std::string_view path) const;
};

class SesAccountWatch : public std::enable_shared_from_this<SesAccountWatch> {
 public:
  /// `http`, `clock` and the context of `io` outlive the watch.
  SesAccountWatch(SesAccess access, Duration every, net::HttpClient& http, const Clock& clock,
                  const boost::asio::any_io_executor& io);
  ~SesAccountWatch();

  /// Asks now and from then on. Once.
  void start(std::function<void(Account)> said);
  /// Nothing is said any more, but for an answer that is under way.
  void stop();

 private:
  struct Timer;
  void ask();
  void ask_again_later();

  const SesAccess access_;
  const Duration every_;
  net::HttpClient& http_;
  const Clock& clock_;
  std::function<void(Account)> said_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace postern::transports
