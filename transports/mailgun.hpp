#pragma once
// Mailgun over HTTP: POST /v3/{domain}/messages.mime with the stored message as it is, and the
// events of GET /v3/{domain}/events to settle what stayed uncertain. Works on the HTTP client's
// thread; keeps nothing of a message once its call has ended.
//
// o:tracking and its like are never set: what the account's owner chose for the domain stands. The
// form holds nothing but `to` and `message`, because v:* values travel to the recipient.
#include <memory>
#include <string>

#include "config/config.hpp"
#include "net/http_client.hpp"
#include "transports/registry.hpp"

namespace postern::transports {

struct MailgunSettings {
  std::string name;
  std::string base_url;  // scheme://host:port
  Secret api_key;
  Duration timeout{};         // of one call
  Duration failover_after{};  // queue.failover_after: longer rate limits count as blocks
  std::uint64_t max_message_bytes = 0;
  std::uint32_t concurrency = 1;
  double rate_per_second = 0;
};

class Mailgun final : public Transport {
 public:
  /// `http` and `clock` outlive the calls under way, which may outlive the transport.
  Mailgun(MailgunSettings settings, net::HttpClient& http, const Clock& clock);

  const std::string& name() const override { return call_->settings.name; }
  std::string_view type() const override { return "mailgun"; }
  Abilities abilities() const override;
  void deliver(Parcel parcel, Done done) override;
  void look_up(Inquiry inquiry, std::function<void(Answer)> done) override;

 private:
  // What a call under way needs, shared with it.
  struct Call {
    MailgunSettings settings;
    net::HttpClient& http;
    const Clock& clock;
  };
  static void send(std::shared_ptr<const Call> call, Parcel parcel, Done done, bool confirming);
  std::shared_ptr<const Call> call_;
};

/// The outcome of a call to messages.mime that spoke for `recipients`.
Outcome read_mailgun_response(const net::HttpResponse& response, std::size_t recipients, Time now,
                              Duration failover_after);

std::unique_ptr<Transport> make_mailgun(const config::Transport& settings, const Tools& tools);

}  // namespace postern::transports
