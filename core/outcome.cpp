#include "core/outcome.hpp"

#include <array>
#include <utility>

namespace postern {

Outcome Outcome::delivered(std::string reply, std::string provider_id) {
  Outcome outcome;
  outcome.kind = Kind::delivered;
  outcome.meaning = Meaning::delivered;
  outcome.blame = Blame::none;
  outcome.fail_over = FailOver::never;
  outcome.reply = std::move(reply);
  outcome.provider_id = std::move(provider_id);
  return outcome;
}

Outcome Outcome::unreachable(std::string why) {
  Outcome outcome;
  outcome.fail_over = FailOver::now;
  outcome.reply = std::move(why);
  outcome.rule = "unreachable";
  return outcome;
}

Outcome Outcome::not_sent(std::string why) {
  Outcome outcome = unreachable(std::move(why));
  outcome.blame = Blame::none;
  outcome.fail_over = FailOver::never;
  outcome.rule = "not-sent";
  return outcome;
}

Outcome Outcome::uncertain(std::string why) {
  Outcome outcome;
  outcome.kind = Kind::uncertain;
  outcome.meaning = Meaning::uncertain;
  outcome.fail_over = FailOver::never;
  outcome.reply = std::move(why);
  outcome.rule = "uncertain";
  return outcome;
}

std::string_view to_string(Meaning meaning) {
  static constexpr std::array<std::string_view, 8> kWords{
      "delivered",    "recipient", "message",       "temporary",
      "rate_limited", "blocked",   "configuration", "uncertain"};
  return kWords.at(static_cast<std::size_t>(meaning));
}

std::string_view to_string(Blame blame) {
  static constexpr std::array<std::string_view, 5> kWords{"none", "recipient", "message",
                                                          "sender_domain", "transport"};
  return kWords.at(static_cast<std::size_t>(blame));
}

std::string_view to_string(Outcome::Kind kind) {
  static constexpr std::array<std::string_view, 4> kWords{"delivered", "deferred", "rejected",
                                                          "uncertain"};
  return kWords.at(static_cast<std::size_t>(kind));
}

}  // namespace postern
