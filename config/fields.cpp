#include "config/fields.hpp"

#include <algorithm>
#include <cctype>

#include "config/load.hpp"
#include "config/secret_source.hpp"
#include "config/units.hpp"
#include "config/url.hpp"
#include "config/wording.hpp"
#include "core/text.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLargestFile = 4 * kMiB;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::optional<std::string> shown(const std::string& value) {
  if (value.empty()) return std::nullopt;
  return value;
}

std::optional<std::string> complaint_of_name(const std::string& text) {
  if (!text.empty() && text.size() <= kLongestName &&
      std::all_of(text.begin(), text.end(),
                  [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; }))
    return std::nullopt;
  return quote(text) + " is not a name of letters, digits, \"-\", \"_\" and \".\"";
}

std::string list_of(std::span<const Word> words) {
  std::string all;
  for (const Word& word : words) {
    if (!word.built) continue;
    if (!all.empty()) all += ", ";
    all += '"' + std::string(word.text) + '"';
  }
  return all;
}

/// The host in "smtp://host", "host:587", "@host" and "*.host".
std::string meant_host(std::string_view text) {
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
    text = text.substr(0, text.find('/'));
  }
  for (const std::string_view prefix : {"@", "*."})
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  const std::string_view host = text.substr(0, text.find(':'));
  return is_host(host) ? did_you_mean(host) : "";
}

/// nullopt: `text` is one of the words, and its place is in `index`.
std::optional<std::string> choose(const std::string& text, std::span<const Word> words,
                                  std::size_t& index) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].built) known.emplace_back(words[i].text);
    if (words[i].text != text) continue;
    if (!words[i].built)
      return quote(text) + " is not part of this version (" + list_of(words) + ")";
    index = i;
    return std::nullopt;
  }
  return quote(text) + " is not one of " + list_of(words) + suggestion(text, known);
}

std::optional<std::string> add_once(std::vector<std::string>& all, const std::string& text) {
  if (std::find(all.begin(), all.end(), text) != all.end())
    return quote(text) + " is in the list twice";
  all.push_back(text);
  return std::nullopt;
}

template <class T>
Fields::Parse into(T& value, Result<T> (*parse)(std::string_view)) {
  return [&value, parse](const std::string& text) -> std::optional<std::string> {
    const auto parsed = parse(text);
    if (!parsed) return parsed.error().what;
    value = *parsed;
    return std::nullopt;
  };
}

template <class T>
Fields::Parse into(T& value, Bounds<T> bounds, Result<T> (*parse)(std::string_view),
                   std::string (*format)(T)) {
  return [&value, bounds, parse, format](const std::string& text) -> std::optional<std::string> {
    const auto parsed = parse(text);
    if (!parsed) return parsed.error().what;
    if (*parsed < bounds.least || *parsed > bounds.most)
      return quote(text) + " is not from " + format(bounds.least) + " to " + format(bounds.most);
    value = *parsed;
    return std::nullopt;
  };
}

/// A path whose file can be read and has `mark` in it.
auto readable(std::filesystem::path& value, std::string_view mark) {
  return [&value, mark](const std::string& text) -> std::optional<std::string> {
    if (text.empty()) return "is empty";
    const auto bytes = read_file(text, kLargestFile);
    if (!bytes) return quote(text) + ' ' + bytes.error().what;
    if (bytes->find(mark) == std::string::npos) return quote(text) + " has no certificate in PEM";
    value = text;
    return std::nullopt;
  };
}

}  // namespace

void Fields::text(std::string_view key, std::string& value, Presence presence) {
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    if (text.empty()) return "is empty";
    if (text.size() > kLongestName) return "is longer than 255 bytes";
    if (std::any_of(text.begin(), text.end(),
                    [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
      return quote(text) + " has control characters";
    value = text;
    return std::nullopt;
  };
  string(key, presence, parse, shown(value));
}

void Fields::name(std::string_view key, std::string& value, Presence presence) {
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    value = text;  // also a bad one: what refers to it is not a second mistake
    return complaint_of_name(text);
  };
  string(key, presence, parse, shown(value));
}

void Fields::host(std::string_view key, std::string& value, Presence presence, bool star) {
  const auto parse = [&value, star](const std::string& text) -> std::optional<std::string> {
    if (!(star && text == "*") && !is_host(text))
      return quote(text) +
             (star ? " is not a domain, nor \"*\"" : " is not a host name or address") +
             meant_host(text);
    value = to_lower(text);
    return std::nullopt;
  };
  string(key, presence, parse, shown(value));
}

void Fields::url(std::string_view key, std::string& value) {
  string(key, Presence::optional, into(value, parse_base_url), shown(value));
}

void Fields::directory(std::string_view key, std::filesystem::path& value, Presence presence) {
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    if (text.empty()) return "is empty";
    if (text.find('\0') != std::string::npos) return quote(text) + " is not a path";
    std::error_code ignored;
    if (std::filesystem::exists(text, ignored) && !std::filesystem::is_directory(text, ignored))
      return quote(text) + " is not a directory";
    value = text;
    return std::nullopt;
  };
  string(key, presence, parse, shown(value.string()));
}

void Fields::file(std::string_view key, std::filesystem::path& value) {
  string(key, Presence::optional, readable(value, {}), shown(value.string()));
}

void Fields::certificates(std::string_view key, std::filesystem::path& value) {
  string(key, Presence::optional, readable(value, "CERTIFICATE-----"), shown(value.string()));
}

void Fields::duration(std::string_view key, Duration& value, Bounds<Duration> bounds) {
  string(key, Presence::optional, into(value, bounds, parse_duration, format_duration),
         format_duration(value));
}

void Fields::size(std::string_view key, std::uint64_t& value, Bounds<std::uint64_t> bounds) {
  string(key, Presence::optional, into(value, bounds, parse_size, format_size), format_size(value));
}

void Fields::rate(std::string_view key, Rate& value) {
  string(key, Presence::optional, into(value, parse_rate), shown(format_rate(value)));
}

void Fields::retry(std::string_view key, RetrySchedule& value) {
  string(key, Presence::optional, into(value, parse_retry), shown(format_retry(value)));
}

void Fields::endpoint(std::string_view key, Endpoint& value) {
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    value = {};  // on no port: a bad endpoint is not in anybody's way
    const auto parsed = parse_endpoint(text);
    if (!parsed) return parsed.error().what;
    value = *parsed;
    return std::nullopt;
  };
  string(key, Presence::optional, parse, format_endpoint(value));
}

void Fields::endpoint(std::string_view key, std::optional<Endpoint>& value) {
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    value.reset();
    if (text.empty()) return std::nullopt;
    const auto parsed = parse_endpoint(text);
    if (!parsed) return parsed.error().what;
    value = *parsed;
    return std::nullopt;
  };
  string(key, Presence::optional, parse, value ? format_endpoint(*value) : "");
}

void Fields::networks(std::string_view key, std::vector<Network>& value) {
  std::vector<std::string> now;
  for (const Network& network : value) now.push_back(format_network(network));
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    const auto parsed = parse_network(text);
    if (!parsed) return parsed.error().what;
    value.push_back(*parsed);
    return std::nullopt;
  };
  list(
      key, [&value] { value.clear(); }, parse, now);
}

void Fields::names(std::string_view key, std::vector<std::string>& value) {
  const auto parse = [&value](const std::string& text) { return add_once(value, text); };
  const std::vector<std::string> now = value;
  list(
      key, [&value] { value.clear(); }, parse, now.empty() ? std::nullopt : std::optional(now));
}

void Fields::domains(std::string_view key, std::vector<std::string>& value) {
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    if (!is_host(text)) return quote(text) + " is not a domain";
    return add_once(value, to_lower(text));
  };
  const std::vector<std::string> now = value;
  list(
      key, [&value] { value.clear(); }, parse, now.empty() ? std::nullopt : std::optional(now));
}

void Fields::region(std::string_view key, std::string& value, Presence presence) {
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    if (!is_aws_region(text)) return quote(text) + " is not a region such as \"eu-west-1\"";
    value = text;
    return std::nullopt;
  };
  string(key, presence, parse, shown(value));
}

void Fields::tags(std::string_view key, std::vector<Tag>& value) {
  std::vector<std::string> now;
  for (const Tag& tag : value) now.push_back(tag.name + '=' + tag.value);
  const auto parse = [&value](const std::string& text) -> std::optional<std::string> {
    const auto equals = std::min(text.find('='), text.size());
    Tag tag{text.substr(0, equals), text.substr(std::min(equals + 1, text.size()))};
    const auto is_word = [](const std::string& word) {
      return !word.empty() && word.size() <= kLongestName &&
             std::all_of(word.begin(), word.end(),
                         [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
    };
    if (!is_word(tag.name) || !is_word(tag.value))
      return quote(text) + " is not name=value of letters, digits, \"-\" and \"_\"";
    value.push_back(std::move(tag));
    return std::nullopt;
  };
  list(
      key, [&value] { value.clear(); }, parse, now.empty() ? std::nullopt : std::optional(now));
}

void Fields::port(std::string_view key, std::uint16_t& value) {
  std::uint32_t wide = value;
  number(key, wide, {1, 65535});
  value = static_cast<std::uint16_t>(wide);
}

void Fields::word(std::string_view key, std::string& value, Presence presence,
                  std::span<const Word> words) {
  std::optional<std::size_t> index;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i].text == value) index = i;
  choice(key, presence, index, words);
  if (index) value = words[*index].text;
}

void Fields::choice(std::string_view key, Presence presence, std::optional<std::size_t>& index,
                    std::span<const Word> words) {
  const auto parse = [&index, words](const std::string& text) -> std::optional<std::string> {
    std::size_t chosen = 0;
    if (auto wrong = choose(text, words, chosen)) return wrong;
    index = chosen;
    return std::nullopt;
  };
  string(key, presence, parse,
         index ? std::optional<std::string>(words[*index].text) : std::nullopt);
}

}  // namespace postern::config
