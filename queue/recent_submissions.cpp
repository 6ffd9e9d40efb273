#include "queue/recent_submissions.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace postern::queue {
namespace {

constexpr std::size_t kFewestSlots = 1024;

// A digest is evenly spread already.
std::uint64_t key_of(std::string_view digest) {
  std::uint64_t key = 0;
  std::memcpy(&key, digest.data(), std::min(digest.size(), sizeof key));
  return key;
}

}  // namespace

std::size_t RecentSubmissions::place_of(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t place = key & mask;
  while (to_int(slots_[place].no) != 0 && slots_[place].key != key) place = (place + 1) & mask;
  return place;
}

std::optional<MessageNo> RecentSubmissions::find(std::string_view digest, MessageNo oldest) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[place_of(key_of(digest))];
  if (to_int(slot.no) == 0 || slot.no < oldest) return std::nullopt;
  return slot.no;
}

void RecentSubmissions::add(std::string_view digest, MessageNo no, MessageNo oldest) {
  if (used_ >= slots_.size() / 4 * 3) rebuild(oldest);
  const std::uint64_t key = key_of(digest);
  Slot& slot = slots_[place_of(key)];
  if (to_int(slot.no) == 0) ++used_;
  slot = {key, no};
}

// Into twice the room of what is still wanted, so that it is not for long that it is done again.
void RecentSubmissions::rebuild(MessageNo oldest) {
  std::vector<Slot> kept;
  kept.reserve(used_);
  std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(kept),
               [&](const Slot& slot) { return to_int(slot.no) != 0 && slot.no >= oldest; });
  const std::size_t most = most_slots_ / 2;
  if (kept.size() > most) {
    const auto cut = kept.end() - static_cast<std::ptrdiff_t>(most);
    std::nth_element(kept.begin(), cut, kept.end(),
                     [](const Slot& a, const Slot& b) { return a.no < b.no; });
    kept.erase(kept.begin(), cut);
  }
  const std::size_t wanted = std::bit_ceil(std::max(kept.size() * 2, kFewestSlots));
  slots_.assign(std::min(wanted, most_slots_), Slot{});
  used_ = kept.size();
  for (const Slot& slot : kept) slots_[place_of(slot.key)] = slot;
}

}  // namespace postern::queue
