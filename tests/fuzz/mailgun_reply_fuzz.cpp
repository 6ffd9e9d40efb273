// Whatever Mailgun (or a stranger in front of it) answers becomes an Outcome and never more: no
// crash, no bounce of an unknown 4xx, no time in the past, no control characters in the reply.
// Input: the first byte chooses the status, the second the number of recipients, the rest up to a
// NUL is Retry-After, then the body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "transports/classify.hpp"
#include "transports/mailgun.hpp"
#include "transports/mailgun_reply.hpp"

namespace {

using namespace postern;
using namespace postern::transports;

constexpr Time kNow{std::chrono::hours{24 * 365 * 56}};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Outcome& outcome) {
  for (const char c : outcome.reply) require(static_cast<unsigned char>(c) >= 0x20);
  require(outcome.reply.size() < 1200);
  if (outcome.retry_at)
    require(*outcome.retry_at > kNow && *outcome.retry_at <= kNow + std::chrono::hours{24});
  if (outcome.kind == Outcome::Kind::rejected) require(outcome.rule != "mailgun.unknown-4xx");
  if (outcome.kind == Outcome::Kind::delivered) require(!outcome.provider_id.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  if (count < 2) return 0;
  static constexpr int kStatuses[] = {0,   200, 202, 302, 400, 401, 402, 403, 404,
                                      413, 418, 420, 429, 500, 503, 421, 550, 554};
  std::string_view rest(reinterpret_cast<const char*>(bytes) + 2, count - 2);
  net::HttpResponse response;
  response.status = kStatuses[bytes[0] % std::size(kStatuses)];
  const std::size_t header_end = rest.find('\0');
  if (header_end != std::string_view::npos) {
    response.retry_after = rest.substr(0, header_end);
    rest.remove_prefix(header_end + 1);
  }
  response.body = rest;
  response.sent = net::BodySent::whole;
  check(read_mailgun_response(response, bytes[1] % 4 + 1, kNow, std::chrono::seconds{30}));

  Reply reply;
  reply.status = response.status;
  reply.text = rest;
  reply.phase = static_cast<Reply::Phase>(bytes[1] % 8);
  check(classify(rules_for("smtp"), reply, kNow));
  const Answer answer = read_events(rest, "1@x.com", "a@y.com", kNow);
  if (answer.kind == Answer::Kind::not_sent) check(answer.why);
  return 0;
}
