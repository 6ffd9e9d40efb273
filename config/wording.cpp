#include "config/wording.hpp"

#include <algorithm>
#include <vector>

#include "core/text.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kLongestWord = 64;  // nobody mistypes a longer one

}  // namespace

std::string quote(std::string_view text) {
  return '"' + escape(text, 80) + '"';
}

std::string did_you_mean(std::string_view text) {
  return " (did you mean " + quote(text) + "?)";
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment, three rows of the table at a time.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  const std::string folded = to_lower(word);
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(folded, to_lower(candidate));
    // A word of which nothing is left is no correction of it.
    if (distance >= best_distance || distance >= candidate.size()) continue;
    best = candidate;
    best_distance = distance;
  }
  // "warn" for "warning", "key_file" for "key"
  constexpr std::size_t kShortestStem = 3;
  for (const std::string& candidate : known)
    if (!best && std::min(candidate.size(), folded.size()) >= kShortestStem &&
        (candidate.starts_with(folded) || folded.starts_with(candidate)))
      best = candidate;
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> known) {
  const auto best = nearest(word, known);
  return best ? did_you_mean(*best) : "";
}

}  // namespace postern::config
