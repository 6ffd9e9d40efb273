#include "transports/registry.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "transports/capture.hpp"
#include "transports/mailgun.hpp"
#include "transports/ses.hpp"
#include "transports/smtp.hpp"

namespace postern::transports {
namespace {

constexpr std::array kTypes{
    Type{"mailgun", make_mailgun},
    Type{"ses", make_ses},
    Type{"smtp", make_smtp},
    Type{"capture", make_capture},
};

}  // namespace

std::span<const Type> types() {
  return kTypes;
}

std::unique_ptr<Transport> make(const config::Transport& settings, const Tools& tools) {
  const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                 [&](const Type& row) { return row.name == settings.type; });
  if (type == kTypes.end()) throw std::invalid_argument("no transport type " + settings.type);
  return type->make(settings, tools);
}

}  // namespace postern::transports
