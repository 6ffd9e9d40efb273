#include "config/url.hpp"

// Boost.URL is compiled here, in its only user; the package with the built library is not needed.
#include <boost/url/src.hpp>

#include <algorithm>
#include <array>

#include "config/validate.hpp"
#include "config/wording.hpp"
#include "core/text.hpp"

namespace postern::config {
namespace {

namespace urls = boost::urls;

constexpr std::size_t kLongestHost = 253;  // RFC 1035 section 2.3.4, without the root
constexpr std::size_t kLongestLabel = 63;

struct Scheme {
  std::string_view name;
  std::uint16_t port;
  TransportTls tls;
};
constexpr std::array kSmarthostSchemes{
    Scheme{"smtp+starttls", 587, TransportTls::starttls},
    Scheme{"smtps", 465, TransportTls::implicit},
    Scheme{"smtp", 25, TransportTls::opportunistic},
};

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c >= 0x80;
         });
}

/// scheme://authority...; anything else is no URL here. Boost 1.81 asserts on some texts that have
/// no authority ("fc:^"), so those do not reach it.
Result<urls::url_view> parse_url(std::string_view text) {
  const Error wrong{"not a URL"};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.substr(colon, 3) != "://") return wrong;
  const auto url = urls::parse_uri({text.data(), text.size()});
  if (!url) return wrong;
  return *url;
}

/// The host without the brackets of an IPv6 address; empty: none, or no host.
std::string host_of(const urls::url_view& url) {
  const std::string host = url.host_address();
  return is_host(host) ? host : "";
}

/// Nobody listens in between, so that a password may go there without TLS.
bool is_this_machine(const std::string& host) {
  return host == "localhost" || is_loopback({host, 0});
}

/// Nothing behind the port but perhaps a slash.
bool ends_at_port(const urls::url_view& url) {
  return (url.encoded_path().empty() || url.encoded_path() == "/") && !url.has_query() &&
         !url.has_fragment();
}

/// False: a port that is no number from 1 to 65535. Without one `port` stays.
bool read_port(const urls::url_view& url, std::uint16_t& port) {
  if (!url.has_port()) return true;
  const auto text = url.port();  // port_number() would wrap around
  const auto number = parse_number({text.data(), text.size()});
  if (!number || *number == 0 || *number > 65535) return false;
  port = static_cast<std::uint16_t>(*number);
  return true;
}

Result<Transport> ses_of(const urls::url_view& url) {
  Transport ses;
  ses.type = "ses";
  ses.dkim = DkimBy::provider;
  ses.max_message_bytes = default_max_message_bytes("ses");
  ses.region = to_lower(url.host_address());
  ses.access_key_id = Secret(url.user());
  ses.secret_access_key = Secret(url.password());
  if (!is_aws_region(ses.region))
    return Error{
        "names no region: ses://key:secret@eu-west-1, with \"/\" in the secret written as %2F"};
  if (url.has_port() || !ends_at_port(url)) return Error{"goes on behind the region"};
  if (ses.access_key_id.empty() || ses.secret_access_key.empty())
    return Error{"needs key and secret: ses://key:secret@region"};
  return ses;
}

}  // namespace

bool is_host(std::string_view text) {
  boost::system::error_code bad;
  boost::asio::ip::make_address(std::string(text), bad);
  if (!bad && text.find('%') == std::string_view::npos) return true;
  if (text.empty() || text.size() > kLongestHost) return false;
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), is_label);
}

Result<std::string> parse_base_url(std::string_view text) {
  const Error wrong{quote(text) + " is not scheme://host:port with http or https"};
  const auto url = parse_url(text);
  if (!url || (url->scheme() != "http" && url->scheme() != "https") || host_of(*url).empty())
    return wrong;
  std::uint16_t port = 1;
  if (!read_port(*url, port)) return wrong;
  if (url->has_userinfo()) return Error{"a URL with user and password is not taken; use api_key"};
  if (!ends_at_port(*url))
    return Error{quote(text) + " goes on behind the port" +
                 did_you_mean(std::string(url->scheme()) + "://" +
                              std::string(url->encoded_host_and_port()))};
  return std::string(url->scheme()) + "://" + std::string(url->encoded_host_and_port());
}

bool is_aws_region(std::string_view text) {
  const auto words = split(text, '-');
  return words.size() >= 3 && words.size() <= 5 && parse_number(words.back()) &&
         std::all_of(words.begin(), words.end() - 1, [](std::string_view word) {
           return word.size() >= 2 && word.size() <= 12 &&
                  std::all_of(word.begin(), word.end(),
                              [](char c) { return c >= 'a' && c <= 'z'; });
         });
}

Result<Transport> parse_backup_url(std::string_view text) {
  // The text is never quoted: it holds a password.
  const auto url = parse_url(text);
  if (!url)
    return Error{
        "is not a URL such as smtp+starttls://user:password@host:587 (reserved characters "
        "in user and password are percent-encoded)"};
  if (url->scheme() == "ses") return ses_of(*url);
  const auto scheme =
      std::find_if(kSmarthostSchemes.begin(), kSmarthostSchemes.end(),
                   [&](const Scheme& one) { return one.name == std::string_view(url->scheme()); });
  if (scheme == kSmarthostSchemes.end())
    return Error{"has the scheme " + quote(std::string(url->scheme())) +
                 ", not smtp+starttls, smtps, smtp or ses"};
  Transport smarthost;
  smarthost.max_message_bytes = default_max_message_bytes("smtp");
  smarthost.type = "smtp";
  smarthost.tls = scheme->tls;
  smarthost.port = scheme->port;
  smarthost.host = to_lower(host_of(*url));
  if (smarthost.host.empty()) return Error{"names no host"};
  if (scheme->name == "smtp" && is_this_machine(smarthost.host)) smarthost.tls = TransportTls::none;
  if (!read_port(*url, smarthost.port)) return Error{"has no port from 1 to 65535"};
  if (!ends_at_port(*url)) return Error{"goes on behind the port"};
  if (url->has_userinfo()) {
    smarthost.username = url->user();
    smarthost.password = Secret(url->password());
    if (smarthost.username.empty()) return Error{"has an empty user name"};
    if (smarthost.password.empty()) return Error{"has an empty password"};
  }
  return smarthost;
}

}  // namespace postern::config
