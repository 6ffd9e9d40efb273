#include "admin/parameters.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>

#include "config/load.hpp"
#include "core/text.hpp"

namespace postern::admin {

Result<std::optional<std::string>> Parameters::take(std::string_view name) {
  const auto named = [name](const auto& pair) { return pair.first == name; };
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), named);
  if (found == pairs_.end()) return std::optional<std::string>();
  std::string value = std::move(found->second);
  pairs_.erase(found);
  if (value.empty()) return Error{std::string(name) + " is given without a value."};
  if (std::any_of(pairs_.begin(), pairs_.end(), named))
    return Error{std::string(name) + " is given twice."};
  return std::optional<std::string>(std::move(value));
}

Result<void> Parameters::none_left() const {
  if (pairs_.empty()) return {};
  return Error{"There is no parameter \"" + escape(pairs_.front().first, 100) + "\" here."};
}

Result<Target> parse_target(std::string_view target) {
  const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
  if (!url) return Error{"The request target is malformed."};
  Target parsed;
  for (const auto word : url->encoded_segments()) {
    parsed.words.emplace_back(word.data(), word.size());
    parsed.segments.push_back(word.decode());
  }
  Parameters::Pairs pairs;
  for (const auto& pair : url->params()) pairs.emplace_back(pair.key, pair.value);
  parsed.parameters = Parameters(std::move(pairs));
  return parsed;
}

namespace {

// Takes a parameter and reads it with `parse` into `field`.
template <class Parse, class Field>
Result<void> read(Parameters& parameters, std::string_view name, Parse parse, Field& field) {
  const auto text = parameters.take(name);
  if (!text) return text.error();
  if (!*text) return {};
  auto value = parse(**text);
  if (!value) return Error{std::string(name) + ": " + value.error().what};
  field = *std::move(value);
  return {};
}

Result<std::string> as_is(const std::string& text) {
  return text;
}
Result<std::string> lower_case(const std::string& text) {
  return to_lower(text);
}

}  // namespace

Result<queue::Filter> take_filter(Parameters& parameters, Time now) {
  queue::Filter filter;
  const auto before = [now](const std::string& text) -> Result<Time> {
    const auto age = config::parse_duration(text);
    if (!age) return age.error();
    return now - *age;
  };
  for (const Result<void>& step :
       {read(parameters, "sender-domain", lower_case, filter.sender_domain),
        read(parameters, "recipient", as_is, filter.recipient),
        read(parameters, "recipient-domain", lower_case, filter.recipient_domain),
        read(parameters, "transport", as_is, filter.transport),
        read(parameters, "state", parse_delivery_state, filter.state),
        read(parameters, "channel", parse_channel, filter.channel),
        read(parameters, "older-than", before, filter.older_than)})
    if (!step) return step.error();
  return filter;
}

bool is_empty(const queue::Filter& filter) {
  return filter.messages.empty() && filter.sender_domain.empty() && filter.recipient.empty() &&
         filter.recipient_domain.empty() && filter.transport.empty() && !filter.state &&
         !filter.channel && !filter.older_than;
}

Result<std::uint32_t> take_limit(Parameters& parameters, std::uint32_t usual,
                                 std::uint32_t maximum) {
  std::uint32_t limit = usual;
  const auto number = [maximum](const std::string& text) -> Result<std::uint32_t> {
    const auto value = parse_number(text);
    if (!value || *value < 1 || *value > maximum)
      return Error{"not a number from 1 to " + std::to_string(maximum) + "."};
    return static_cast<std::uint32_t>(*value);
  };
  const auto step = read(parameters, "limit", number, limit);
  if (!step) return step.error();
  return limit;
}

}  // namespace postern::admin
