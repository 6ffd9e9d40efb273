#include "transports/ses.hpp"

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/log.hpp"
#include "dkim/keyring.hpp"
#include "transports/ses_message.hpp"
#include "transports/ses_reply.hpp"

namespace postern::transports {
namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kMaxRecipients = 50;  // SES's documented limit of a message
// Quota and standing change within minutes; GetAccount itself is limited to one call a second.
constexpr Duration kPollEvery = std::chrono::minutes{5};

// The JSON before and after the message in base64, which is its last value.
std::pair<std::string, std::string> around(const SesSettings& settings, const Parcel& parcel) {
  const Envelope& envelope = parcel.message->envelope;
  Json json{{"Destination", {{"ToAddresses", Json::array()}}}};
  for (const std::uint32_t index : parcel.recipients)
    json["Destination"]["ToAddresses"].push_back(envelope.recipients.at(index));
  // Of the null sender SES is told nothing: the From field then speaks for the message.
  if (!envelope.sender.empty()) json["FromEmailAddress"] = envelope.sender;
  if (!settings.configuration_set.empty())
    json["ConfigurationSetName"] = settings.configuration_set;
  for (const config::Tag& tag : settings.tags)
    json["EmailTags"].push_back({{"Name", tag.name}, {"Value", tag.value}});
  std::string before = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  before.pop_back();
  return {before + R"(,"Content":{"Raw":{"Data":")", R"("}}})"};
}

// SES would re-encode it for receivers without 8BITMIME, and so break our signature.
Outcome eight_bit() {
  Outcome outcome;
  outcome.kind = Outcome::Kind::rejected;
  outcome.meaning = Meaning::message;
  outcome.blame = Blame::message;
  outcome.fail_over = FailOver::now;
  outcome.reply =
      "5.6.3 not sent: 8-bit content, which SES may re-encode, would break our signature "
      "(dkim = \"relay\"); with dkim = \"provider\" it passes";
  outcome.rule = "ses.eight-bit";
  return outcome;
}

std::shared_ptr<const SesBody> body_of(const SesSettings& settings, const Parcel& parcel,
                                       Time now) {
  const Message& message = *parcel.message;
  const auto first = parcel.content->chunk(0);
  const std::string_view bytes = *first;
  std::string head;
  if (settings.keyring)
    head = settings.keyring->signatures(message, *parcel.content, now, ses_signing());
  head += ses_header(bytes.substr(0, message.header_bytes));
  head += bytes.substr(message.header_bytes);
  auto [before, after] = around(settings, parcel);
  return std::make_shared<const SesBody>(std::move(before), std::move(head), parcel.content,
                                         std::move(after));
}

std::string base_url(const config::Transport& settings) {
  if (!settings.base_url.empty()) return settings.base_url;
  return "https://email." + settings.region + ".amazonaws.com";
}

// Without a signature that aligns, mail of these domains would lean on SPF alone.
void warn_of_unsigned(const std::string& transport, const dkim::Keyring& keyring) {
  for (const std::string& domain : keyring.domains_without_rsa())
    log::event(log::Level::warning, "", "started",
               {{"transport", transport},
                {"warning", "SES takes RSA signatures only, and the domain has no such key"},
                {"domain", domain}});
}

}  // namespace

Ses::Ses(SesSettings settings, net::HttpClient& http, const Clock& clock,
         const boost::asio::any_io_executor& io)
    : call_(std::make_shared<Call>(Call{std::move(settings), http, clock})),
      watch_(
          std::make_shared<SesAccountWatch>(call_->settings.access, kPollEvery, http, clock, io)) {}

Ses::~Ses() {
  watch_->stop();
  preparing_.join();
}

Abilities Ses::abilities() const {
  const SesSettings& settings = call_->settings;
  return {.max_message_bytes = settings.max_message_bytes,
          .max_recipients = kMaxRecipients,
          .concurrency = settings.concurrency,
          .rate_per_second = settings.rate_per_second,
          .rate_counts_recipients = true};
}

void Ses::watch_account(std::function<void(Account)> said) {
  watch_->start(std::move(said));
}

void Ses::close() {
  watch_->stop();
}

void Ses::deliver(Parcel parcel, Done done) {
  boost::asio::post(preparing_,
                    [call = call_, parcel = std::move(parcel), done = std::move(done)]() mutable {
                      const std::size_t recipients = parcel.recipients.size();
                      try {
                        send(call, parcel, done);
                      } catch (const std::exception& broken) {
                        done(Report(recipients, Outcome::not_sent(broken.what())));
                      }
                    });
}

void Ses::send(const std::shared_ptr<const Call>& call, const Parcel& parcel, Done done) {
  const std::size_t recipients = parcel.recipients.size();
  auto body = body_of(call->settings, parcel, call->clock.now());
  if (call->settings.keyring && !body->is_seven_bit()) return done(Report(recipients, eight_bit()));
  net::HttpRequest request =
      call->settings.access.request(net::HttpRequest::Method::post, "/v2/email/outbound-emails");
  request.timeout = call->settings.timeout;
  request.headers.emplace_back("Content-Type: application/json");
  request.aws->payload_sha256 = body->sha256();
  request.content = std::move(body);
  auto answered = [call, recipients, done = std::move(done)](const net::HttpResponse& response) {
    done(Report(recipients, read_ses_response(response, recipients, call->clock.now(),
                                              call->settings.failover_after)));
  };
  call->http.request(std::move(request), std::move(answered));
}

std::unique_ptr<Transport> make_ses(const config::Transport& settings, const Tools& tools) {
  SesSettings ses{.name = settings.name,
                  .access = {.base_url = base_url(settings),
                             .region = settings.region,
                             .key_id = settings.access_key_id,
                             .secret = settings.secret_access_key,
                             .session_token = settings.session_token},
                  .configuration_set = settings.configuration_set,
                  .tags = settings.tags,
                  .timeout = settings.timeout,
                  .failover_after = tools.failover_after,
                  .max_message_bytes = settings.max_message_bytes,
                  .concurrency = settings.concurrency,
                  .rate_per_second = settings.rate.per_second,
                  .keyring = {}};
  if (settings.dkim == config::DkimBy::relay && tools.keyring && !tools.keyring->empty()) {
    ses.keyring = tools.keyring;
    warn_of_unsigned(settings.name, *tools.keyring);
  }
  return std::make_unique<Ses>(std::move(ses), *tools.http, *tools.clock, tools.io.at(0));
}

}  // namespace postern::transports
