#pragma once
// Amazon SES over HTTP: POST /v2/email/outbound-emails with the raw message, signed by libcurl, and
// GET /v2/email/account for quota and standing. What SES cannot tell afterwards (was it taken?) it
// reports through SNS only, so uncertain deliveries cannot be looked up.
//
// A message is prepared on a thread of the transport's own (its digest is signed, so it is read
// once before it is sent), then streamed by the HTTP client's. Keeps nothing of a message once its
// call has ended.
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/http_client.hpp"
#include "transports/registry.hpp"
#include "transports/ses_account.hpp"

namespace postern::transports {

struct SesSettings {
  std::string name;
  SesAccess access;
  std::string configuration_set;
  std::vector<config::Tag> tags;
  Duration timeout{};         // of one call
  Duration failover_after{};  // queue.failover_after: longer rate limits count as blocks
  std::uint64_t max_message_bytes = 0;
  std::uint32_t concurrency = 1;
  double rate_per_second = 0;                    // recipients
  std::shared_ptr<const dkim::Keyring> keyring;  // null: SES signs
};

class Ses final : public Transport {
 public:
  /// `http`, `clock` and the executor's context outlive the calls under way, which may outlive the
  /// transport. `io` runs the timer of the account's polls.
  Ses(SesSettings settings, net::HttpClient& http, const Clock& clock,
      const boost::asio::any_io_executor& io);
  /// Waits for messages that are being prepared, not for calls.
  ~Ses() override;

  const std::string& name() const override { return call_->settings.name; }
  std::string_view type() const override { return "ses"; }
  Abilities abilities() const override;
  void deliver(Parcel parcel, Done done) override;
  void watch_account(std::function<void(Account)> said) override;
  void close() override;

 private:
  // What a call under way needs, shared with it.
  struct Call {
    SesSettings settings;
    net::HttpClient& http;
    const Clock& clock;
  };
  static void send(const std::shared_ptr<const Call>& call, const Parcel& parcel, Done done);

  std::shared_ptr<const Call> call_;
  std::shared_ptr<SesAccountWatch> watch_;
  boost::asio::thread_pool preparing_{1};
};

std::unique_ptr<Transport> make_ses(const config::Transport& settings, const Tools& tools);

}  // namespace postern::transports
