#include "core/suppression.hpp"

#include <array>

namespace postern {
namespace {

constexpr std::array<std::string_view, 4> kReasons{"bounce", "complaint", "unsubscribe", "manual"};

}  // namespace

std::string_view to_string(SuppressionReason reason) {
  return kReasons.at(static_cast<std::size_t>(reason));
}

Result<SuppressionReason> parse_suppression_reason(std::string_view word) {
  for (std::size_t i = 0; i < kReasons.size(); ++i)
    if (kReasons[i] == word) return static_cast<SuppressionReason>(i);
  return Error{"not a reason (bounce, complaint, unsubscribe, manual): " + std::string(word)};
}

}  // namespace postern
