#include "transports/mailgun.hpp"

#include <utility>

#include "core/text.hpp"
#include "transports/classify.hpp"
#include "transports/http_outcome.hpp"
#include "transports/mailgun_reply.hpp"
#include "transports/rules.hpp"

namespace postern::transports {
namespace {

using net::HttpFailure;
using net::HttpRequest;
using net::HttpResponse;

constexpr std::uint32_t kMaxRecipients = 1000;  // Mailgun's documented limit of `to`
constexpr std::string_view kUnknownDomain = "mailgun.domain-not-found";

std::string base_url(const config::Transport& settings) {
  std::string url = settings.base_url;
  if (url.empty())
    url = settings.region == "eu" ? "https://api.eu.mailgun.net" : "https://api.mailgun.net";
  while (url.ends_with('/')) url.pop_back();
  return url;
}

HttpRequest make_request(const MailgunSettings& settings, HttpRequest::Method method,
                         std::string_view provider_domain, std::string_view resource) {
  HttpRequest request;
  request.method = method;
  request.url = settings.base_url + "/v3/" + net::percent_encode(provider_domain) + "/";
  request.url += resource;
  request.user = "api";
  request.password = settings.api_key;
  request.timeout = settings.timeout;
  return request;
}

HttpRequest message_request(const MailgunSettings& settings, const Parcel& parcel) {
  HttpRequest request =
      make_request(settings, HttpRequest::Method::post, parcel.provider_domain, "messages.mime");
  request.form.reserve(parcel.recipients.size());
  for (const std::uint32_t index : parcel.recipients)
    request.form.push_back({"to", parcel.message->envelope.recipients.at(index)});
  request.file = net::FilePart{"message", "message.eml", "message/rfc822", parcel.content};
  return request;
}

Outcome accepted(const HttpResponse& response) {
  const auto acceptance = read_acceptance(response.body);
  if (!acceptance)
    return Outcome::uncertain(std::to_string(response.status) +
                              " without an id: " + escape(trim(response.body), 200));
  return Outcome::delivered(std::to_string(response.status) + " " + escape(acceptance->message),
                            acceptance->id);
}

}  // namespace

Outcome read_mailgun_response(const HttpResponse& response, std::size_t recipients, Time now,
                              Duration failover_after) {
  const bool complete = response.failure == HttpFailure::none;
  if (response.status >= 200 && response.status < 300 && complete) return accepted(response);
  // A refusal stands even when its explanation was cut off; anything else needs a whole answer.
  const bool refusal = response.status >= 300 && response.status < 500;
  if (!refusal && !complete) return without_answer(response);
  Reply reply;
  reply.status = response.status;
  reply.text = read_error(response.body);
  reply.retry_after = response.retry_after;
  reply.recipients = recipients;
  return classify(mailgun_rules(), reply, now, failover_after);
}

Mailgun::Mailgun(MailgunSettings settings, net::HttpClient& http, const Clock& clock)
    : call_(std::make_shared<Call>(Call{std::move(settings), http, clock})) {}

Abilities Mailgun::abilities() const {
  const MailgunSettings& settings = call_->settings;
  return {.max_message_bytes = settings.max_message_bytes,
          .max_recipients = kMaxRecipients,
          .concurrency = settings.concurrency,
          .rate_per_second = settings.rate_per_second,
          .smtputf8 = true,
          .look_up = true};
}

void Mailgun::deliver(Parcel parcel, Done done) {
  send(call_, std::move(parcel), std::move(done), /*confirming=*/false);
}

void Mailgun::send(std::shared_ptr<const Call> call, Parcel parcel, Done done, bool confirming) {
  HttpRequest request = message_request(call->settings, parcel);
  net::HttpClient& http = call->http;
  auto answered = [call = std::move(call), parcel = std::move(parcel), done = std::move(done),
                   confirming](const HttpResponse& response) mutable {
    const std::size_t recipients = parcel.recipients.size();
    const Outcome outcome = read_mailgun_response(response, recipients, call->clock.now(),
                                                  call->settings.failover_after);
    // A domain made a moment ago is not yet known everywhere at Mailgun: ask twice before the
    // answer is believed. The refused message was not taken, so this sends nothing twice.
    if (outcome.rule == kUnknownDomain && !confirming)
      return send(std::move(call), std::move(parcel), std::move(done), /*confirming=*/true);
    done(Report(recipients, outcome));
  };
  http.request(std::move(request), std::move(answered));
}

void Mailgun::look_up(Inquiry inquiry, std::function<void(Answer)> done) {
  // Clocks differ; an event just before our own start of the attempt is still ours.
  constexpr auto kSkew = std::chrono::minutes{10};
  const std::string id(without_brackets(inquiry.message->message_id));
  if (id.empty()) return done({Answer::Kind::unable, "the message has no Message-ID", {}});
  const auto begin = std::chrono::floor<std::chrono::seconds>(inquiry.attempt_started_at - kSkew)
                         .time_since_epoch();
  HttpRequest request =
      make_request(call_->settings, HttpRequest::Method::get, inquiry.provider_domain,
                   "events?message-id=" + net::percent_encode(id) +
                       "&begin=" + std::to_string(begin.count()) + "&ascending=yes&limit=300");
  auto answered = [id, inquiry = std::move(inquiry), done = std::move(done),
                   call = call_](const HttpResponse& response) {
    if (response.failure != HttpFailure::none)
      return done({Answer::Kind::unknown, escape(response.failure_text), {}});
    if (response.status != 200)
      return done({Answer::Kind::unknown,
                   std::to_string(response.status) + " " + escape(read_error(response.body), 200),
                   {}});
    done(read_events(response.body, id, inquiry.message->envelope.recipients.at(inquiry.recipient),
                     call->clock.now(), call->settings.failover_after));
  };
  call_->http.request(std::move(request), std::move(answered));
}

std::unique_ptr<Transport> make_mailgun(const config::Transport& settings, const Tools& tools) {
  MailgunSettings mailgun{.name = settings.name,
                          .base_url = base_url(settings),
                          .api_key = settings.api_key,
                          .timeout = settings.timeout,
                          .failover_after = tools.failover_after,
                          .max_message_bytes = settings.max_message_bytes,
                          .concurrency = settings.concurrency,
                          .rate_per_second = settings.rate.per_second};
  return std::make_unique<Mailgun>(std::move(mailgun), *tools.http, *tools.clock);
}

}  // namespace postern::transports
