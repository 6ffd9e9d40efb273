#pragma once
// The inverse of load.hpp's parse_duration and its like: the shortest text that reads back as the
// same value. For `config show`.
#include <string>

#include "config/config.hpp"

namespace postern::config {

std::string format_duration(Duration value);
std::string format_size(std::uint64_t bytes);
std::string format_rate(Rate rate);
std::string format_retry(const RetrySchedule& schedule);
std::string format_network(const Network& network);
std::string format_endpoint(const Endpoint& endpoint);

}  // namespace postern::config
