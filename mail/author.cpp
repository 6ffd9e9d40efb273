#include "mail/author.hpp"

#include <algorithm>
#include <cstddef>

#include "mail/address.hpp"

namespace postern::mail {
namespace {

// Gathers the address that the bytes before a ',', ';' or '>' make, with comments and white space
// gone. What turns out to be a display name, a group's name or a route is dropped on the way.
class AddressGatherer {
 public:
  /// True: an address is complete.
  bool take(char c) {
    if (comment_depth_ > 0) {
      take_in_comment(c);
      return false;
    }
    if (quoted_) {
      take_in_quotes(c);
      return false;
    }
    switch (c) {
      case '(':
        comment_depth_ = 1;
        gap_ = true;
        return false;
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        gap_ = true;
        return false;
      case '<':
        bracketed_ = true;
        begin();
        return false;
      case ':':
        drop_what_is_no_address();
        return false;
      case '>':
        return bracketed_;
      case ',':
      case ';':
        if (!bracketed_ && holds_address()) return true;
        drop_what_is_no_address();
        return false;
      default:
        if (c == '"') quoted_ = true;
        take_word(c);
        return false;
    }
  }

  /// Ready for the next address.
  void next() {
    begin();
    bracketed_ = false;
    ambiguous_ = false;
  }

  bool holds_address() const { return address_.find('@') != std::string::npos; }
  /// Others may read another address here: in the middle of a quoted string or a comment, or
  /// behind something with an '@' that is no address of the grammar.
  bool is_doubtful() const { return quoted_ || comment_depth_ > 0 || ambiguous_; }

  /// Empty where it cannot be told, also for two addresses run together: readers disagree about
  /// which of them counts.
  std::string domain() const {
    const bool one = std::count(address_.begin(), address_.end(), '@') == 1;
    std::string domain = one && !overlong_ && !ambiguous_ ? domain_of(address_) : std::string();
    return is_domain(domain) ? domain : std::string();
  }

 private:
  void begin() {
    address_.clear();
    overlong_ = false;
    gap_ = false;
  }

  // Before ',', ';' or ':': a name, a group's name, or a hop of a route (RFC 5322 section 4.4).
  void drop_what_is_no_address() {
    ambiguous_ = ambiguous_ || (holds_address() && address_.front() != '@');
    begin();
  }

  void take_in_comment(char c) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '(')
      ++comment_depth_;
    else if (c == ')')
      --comment_depth_;
  }

  void take_in_quotes(char c) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      quoted_ = false;
    append(c == '@' ? '_' : c);  // quoted, it separates nothing
  }

  // White space and comments may stand around '.' and '@' only; elsewhere they part words, and the
  // words before belong to a display name.
  void take_word(char c) {
    const auto joins = [](char x) { return x == '.' || x == '@'; };
    if (gap_ && !address_.empty() && !joins(c) && !joins(address_.back())) {
      if (bracketed_ || holds_address())
        append(' ');
      else
        begin();
    }
    gap_ = false;
    append(c);
  }

  void append(char c) {
    if (address_.size() < kMaxPathBytes)
      address_ += c;
    else
      overlong_ = true;
  }

  std::string address_;
  std::size_t comment_depth_ = 0;
  bool quoted_ = false;
  bool escaped_ = false;
  bool bracketed_ = false;
  bool gap_ = false;
  bool overlong_ = false;
  bool ambiguous_ = false;
};

}  // namespace

std::string author_domain(std::string_view value) {
  AddressGatherer gatherer;
  for (const char c : value)
    if (gatherer.take(c)) break;
  return gatherer.domain();
}

std::vector<std::string> author_domains(std::string_view value) {
  std::vector<std::string> domains;
  AddressGatherer gatherer;
  for (const char c : value) {
    if (!gatherer.take(c)) continue;
    domains.push_back(gatherer.domain());
    gatherer.next();
  }
  // What does not end is read in one way here and in another elsewhere: it counts as no domain.
  if (gatherer.is_doubtful())
    domains.emplace_back();
  else if (gatherer.holds_address())
    domains.push_back(gatherer.domain());
  return domains;
}

}  // namespace postern::mail
