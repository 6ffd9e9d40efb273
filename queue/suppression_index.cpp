#include "queue/suppression_index.hpp"

#include <algorithm>
#include <bit>

namespace postern::queue {
namespace {

constexpr std::size_t kFewestSlots = 1024;

}  // namespace

// FNV-1a over the address in lower case, then mixed: its low bits alone are not spread evenly.
std::uint64_t SuppressionIndex::hash_of(std::string_view address) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : address) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    hash = (hash ^ static_cast<unsigned char>(is_upper ? c | 0x20 : c)) * 0x100000001B3ULL;
  }
  hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15ULL;
  hash ^= hash >> 29;
  return hash == 0 ? 1 : hash;
}

// Where the hash is, or would be. There is always a free slot.
std::size_t SuppressionIndex::place_of(std::uint64_t hash, const Slots& slots) {
  const std::size_t mask = slots.size() - 1;
  std::size_t place = hash & mask;
  for (;; place = (place + 1) & mask) {
    const std::uint64_t found = slots[place].load(std::memory_order_relaxed);
    if (found == hash || found == 0) return place;
  }
}

bool SuppressionIndex::may_contain(std::string_view address) const {
  if (overflown_.load(std::memory_order_relaxed)) return true;
  const Slots* slots = current_.load(std::memory_order_acquire);
  if (slots == nullptr) return false;
  const std::uint64_t hash = hash_of(address);
  return (*slots)[place_of(hash, *slots)].load(std::memory_order_relaxed) == hash;
}

bool SuppressionIndex::grow(std::size_t wanted_slots) {
  const std::size_t size = std::bit_ceil(std::max(wanted_slots, kFewestSlots));
  if (size > most_slots_) {
    overflown_ = true;
    return false;
  }
  auto larger = std::make_unique<Slots>(size);
  if (!tables_.empty())
    for (const auto& slot : *tables_.back())
      if (const std::uint64_t hash = slot.load(std::memory_order_relaxed); hash != 0)
        (*larger)[place_of(hash, *larger)].store(hash, std::memory_order_relaxed);
  tables_.push_back(std::move(larger));
  current_.store(tables_.back().get(), std::memory_order_release);
  return true;
}

void SuppressionIndex::reserve(std::size_t addresses) {
  const std::size_t wanted = addresses + addresses / 2;
  if (addresses > 0 && (tables_.empty() || tables_.back()->size() < wanted)) grow(wanted);
}

void SuppressionIndex::add(std::string_view address) {
  if (overflown_) return;
  const std::size_t size = tables_.empty() ? 0 : tables_.back()->size();
  if (used_ >= size / 4 * 3 && !grow(size * 2)) return;
  Slots& slots = *tables_.back();
  const std::uint64_t hash = hash_of(address);
  auto& slot = slots[place_of(hash, slots)];
  if (slot.load(std::memory_order_relaxed) == hash) return;
  slot.store(hash, std::memory_order_relaxed);
  ++used_;
}

}  // namespace postern::queue
