#include "mail/relaxed_body.hpp"

#include <algorithm>
#include <array>

namespace postern::mail {
namespace {

constexpr bool is_ordinary(char c) {
  return c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

// One load instead of four comparisons: this loop sees every byte of every body.
constexpr std::array<bool, 256> kOrdinary = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = is_ordinary(static_cast<char>(i));
  return table;
}();

bool ordinary_at(std::string_view text, std::size_t i) {
  return i < text.size() && kOrdinary[static_cast<unsigned char>(text[i])];
}

// Length of the longest prefix that canonicalisation leaves as it is: ordinary bytes, single spaces
// between them, and line ends that are neither preceded by white space nor followed by an empty
// line.
std::size_t unchanged_prefix(std::string_view text) {
  std::size_t i = 0;
  for (;;) {
    while (ordinary_at(text, i)) ++i;
    if (i == text.size()) return i;
    if (text[i] == ' ' && ordinary_at(text, i + 1))
      i += 2;
    else if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n' &&
             ordinary_at(text, i + 2))
      i += 3;
    else
      return i;
  }
}

}  // namespace

void RelaxedBodyHash::update(std::string_view body) {
  while (!body.empty()) {
    const char c = body.front();
    if (cr_) {
      cr_ = false;
      if (c == '\n') {
        ++line_ends_;
        space_ = false;
        body.remove_prefix(1);
        continue;
      }
      emit("\r");
    }
    if (c == ' ' || c == '\t') {
      space_ = true;
      body.remove_prefix(1);
    } else if (c == '\r') {
      cr_ = true;
      body.remove_prefix(1);
    } else {
      const std::size_t length = std::max<std::size_t>(unchanged_prefix(body), 1);
      emit(body.substr(0, length));
      body.remove_prefix(length);
    }
  }
}

void RelaxedBodyHash::emit(std::string_view run) {
  emit_gap();
  hash_.update(run);
  empty_ = false;
}

// The line ends and the white space that turned out not to be trailing.
void RelaxedBodyHash::emit_gap() {
  static constexpr std::string_view kLineEnds = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
  if (line_ends_ == 1 && space_) {
    hash_.update("\r\n ");
    line_ends_ = 0;
    space_ = false;
  }
  while (line_ends_ > 0) {
    const auto count = std::min<std::uint64_t>(line_ends_, kLineEnds.size() / 2);
    hash_.update(kLineEnds.substr(0, count * 2));
    line_ends_ -= count;
  }
  if (space_) hash_.update(" ");
  space_ = false;
}

std::string RelaxedBodyHash::finish() {
  if (cr_) emit("\r");
  cr_ = false;
  if (!empty_) hash_.update("\r\n");
  return hash_.finish();
}

}  // namespace postern::mail
