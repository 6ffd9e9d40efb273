#include "queue/message_ids.hpp"

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "queue/store.hpp"

namespace postern::queue {
namespace {

constexpr std::string_view kSesDomain = ".amazonses.com";
// Should several messages go by one id, the newest is meant.
constexpr std::uint32_t kOne = 1;

}  // namespace

std::string_view bare_id(std::string_view id) {
  id = trim(id);
  if (id.size() >= 2 && id.front() == '<' && id.back() == '>') id = id.substr(1, id.size() - 2);
  return id;
}

std::vector<std::string> id_forms(std::string_view id) {
  const std::string_view bare = bare_id(id);
  std::vector<std::string> forms;
  if (bare.empty()) return forms;
  forms.emplace_back(bare);
  const auto at = bare.find('@');
  if (at != std::string_view::npos && at > 0 && to_lower(bare).ends_with(kSesDomain))
    forms.emplace_back(bare.substr(0, at));
  return forms;
}

std::int64_t id_hash(std::string_view bare) {
  std::uint64_t hash = 0;
  for (const char c : crypto::sha256(bare).substr(0, sizeof hash))
    hash = hash << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(hash);
}

std::optional<std::string> original_message_id(Reader& reader, std::string_view id) {
  for (const MessageNo no : reader.trace(id, kOne)) {
    const auto stored = reader.find(no);
    if (!stored || stored->message->message_id.empty()) continue;
    if (bare_id(stored->message->message_id) == bare_id(id)) continue;
    return stored->message->message_id;
  }
  return std::nullopt;
}

}  // namespace postern::queue
