#include "transports/smtp.hpp"

#include <algorithm>
#include <utility>

#include "core/log.hpp"
#include "dkim/keyring.hpp"
#include "net/tls.hpp"
#include "transports/rules.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;

constexpr Duration kResolvePatience = 10s;
// RFC 5321 section 4.5.3.1.8: every server takes at least so many.
constexpr std::uint32_t kMaxRecipients = 100;
// Behind the message on the wire one whose envelope follows in the same write.
constexpr std::uint32_t kPrefetchPerConnection = 1;

}  // namespace

Smtp::Smtp(std::string name, std::uint64_t max_message_bytes, double rate_per_second,
           std::shared_ptr<const SmtpSettings> settings,
           const std::vector<boost::asio::any_io_executor>& io)
    : name_(std::move(name)),
      max_message_bytes_(max_message_bytes),
      rate_per_second_(rate_per_second),
      connections_(settings->connections),
      can_require_tls_(settings->verify && (settings->tls == config::TransportTls::starttls ||
                                            settings->tls == config::TransportTls::implicit)),
      pool_(settings, io) {}

Abilities Smtp::abilities() const {
  // Whether the smarthost has SMTPUTF8 is known only once it is asked; it says so per message.
  return {.max_message_bytes = max_message_bytes_,
          .max_recipients = kMaxRecipients,
          .concurrency = connections_,
          .prefetch = connections_ * kPrefetchPerConnection,
          .rate_per_second = rate_per_second_,
          .smtputf8 = true,
          .require_tls = can_require_tls_};
}

void Smtp::deliver(Parcel parcel, Done done) {
  pool_.submit(std::move(parcel), std::move(done));
}

std::unique_ptr<Transport> make_smtp(const config::Transport& settings, const Tools& tools) {
  auto smtp = std::make_shared<SmtpSettings>();
  smtp->host = settings.host;
  smtp->port = settings.port;
  smtp->tls = settings.tls;
  smtp->verify = settings.verify;
  if (settings.tls != config::TransportTls::none)
    smtp->tls_context = net::make_client_context(settings.ca_file);
  smtp->username = settings.username;
  smtp->password = settings.password;
  smtp->timeout = settings.timeout;
  // A connection carries one message at a time.
  smtp->connections = std::min(settings.connections, settings.concurrency);
  smtp->rules = {smtp_rules(), tools.failover_after};
  smtp->resolver =
      std::make_shared<net::SystemResolver>(std::min(settings.timeout, kResolvePatience));
  smtp->clock = tools.clock;
  if (settings.dkim == config::DkimBy::relay && tools.keyring && !tools.keyring->empty())
    smtp->sign = [keyring = tools.keyring, clock = tools.clock](const Message& message,
                                                                const Content& content) {
      return keyring->signatures(message, content, clock->now());
    };
  if (settings.tls == config::TransportTls::none && !settings.username.empty())
    log::event(log::Level::warning, "", "started",
               {{"transport", settings.name},
                {"warning", "tls = \"none\": the password travels in plain text"}});
  return std::make_unique<Smtp>(settings.name, settings.max_message_bytes, settings.rate.per_second,
                                std::move(smtp), tools.io);
}

}  // namespace postern::transports
