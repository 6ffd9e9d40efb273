#pragma once
// THE list of settings: every section's keys, with the member each one fills and its bounds.
// Adding a setting is a line in sections.cpp. See fields.hpp for who visits.
#include <array>
#include <string_view>

#include "config/fields.hpp"

namespace postern::config {

void describe(Fields& fields, Server& server);
void describe(Fields& fields, Queue& queue);
void describe(Fields& fields, Listener& listener);
void describe(Fields& fields, Tls& tls);
void describe(Fields& fields, Credential& credential);
/// First name and type; the other keys are those of the type.
void describe(Fields& fields, Transport& transport);
void describe(Fields& fields, Domain& domain);  // without its [[domain.dkim]]
void describe(Fields& fields, DkimKey& key);
void describe(Fields& fields, Breaker& breaker);
void describe(Fields& fields, Suppression& suppression);
void describe(Fields& fields, Admin& admin);
void describe(Fields& fields, Log& log);

constexpr std::array<std::string_view, 4> kTransportTypes{"mailgun", "ses", "smtp", "capture"};

/// Sections that have their place in the interface but are not built yet.
constexpr std::array<std::string_view, 4> kLaterSections{"http", "webhook", "chatwoot", "alert"};

/// The defaults that are too long for config.hpp.
constexpr std::string_view kDefaultRetry = "30s, 2m, 5m, 15m*2, 1h*6, 3h*";
constexpr std::array<std::string_view, 6> kDefaultTrusted{
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};
Queue default_queue();
Listener default_listener();
/// Names that were left out: the host's, and the one from the other.
void fill_names(Server& server);

}  // namespace postern::config
