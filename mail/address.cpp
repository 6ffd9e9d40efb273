#include "mail/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kMaxLabelBytes = 63;  // RFC 1035 section 2.3.4

constexpr bool is_eight_bit(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         is_eight_bit(c);
}
constexpr bool is_atext(char c) {
  return is_letter_or_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}
// qtextSMTP and, after a backslash, anything printable.
constexpr bool is_printable(char c) {
  return (c >= 0x20 && c < 0x7F) || is_eight_bit(c);
}

// Reads the grammar's rules one after another; each returns false where the text does not fit and
// leaves the reason in fault().
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::size_t position() const { return at_; }
  bool at_end() const { return at_ == text_.size(); }
  AddressFault fault() const { return fault_; }
  bool is_literal() const { return literal_; }
  std::string_view since(std::size_t start) const { return text_.substr(start, at_ - start); }

  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // "@a,@b:"
  bool source_route() {
    do {
      if (!take('@') || !domain()) return false;
    } while (take(','));
    return take(':');
  }

  // `lone_postmaster`: section 4.1.1.3 lets <Postmaster> stand without a domain.
  bool mailbox(bool lone_postmaster) {
    const std::size_t start = at_;
    if (!local_part()) return false;
    if (since(start).size() > kMaxLocalPartBytes) return refuse(AddressFault::too_long);
    if (take('@')) return literal_ahead() ? address_literal() : domain();
    return lone_postmaster && iequals(since(start), "postmaster");
  }

  bool domain() {
    const std::size_t start = at_;
    do {
      if (!label()) return false;
    } while (take('.'));
    return since(start).size() <= kMaxDomainBytes || refuse(AddressFault::too_long);
  }

 private:
  bool refuse(AddressFault fault) {
    fault_ = fault;
    return false;
  }
  char next() const { return at_end() ? '\0' : text_[at_]; }
  bool literal_ahead() const { return next() == '['; }

  bool local_part() { return next() == '"' ? quoted_string() : dot_string(); }

  bool dot_string() {
    do {
      const std::size_t start = at_;
      while (is_atext(next())) ++at_;
      if (at_ == start) return false;
    } while (take('.'));
    return true;
  }

  bool quoted_string() {
    ++at_;
    for (; !at_end(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      if (!is_printable(text_[at_])) break;
    }
    return refuse(AddressFault::open_quote);
  }

  // Underscores are not in the grammar but in the field: refusing would lose mail for no gain.
  bool label() {
    const std::size_t start = at_;
    while (is_letter_or_digit(next()) || next() == '-' || next() == '_') ++at_;
    const std::string_view word = since(start);
    if (word.size() > kMaxLabelBytes) return refuse(AddressFault::too_long);
    return !word.empty() && word.front() != '-' && word.back() != '-';
  }

  // Section 4.1.3.
  bool address_literal() {
    const auto end = text_.find(']', at_);
    if (end == std::string_view::npos || end - at_ > kMaxDomainBytes) return false;
    const std::string content(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    literal_ = true;
    if (content.find('\0') != std::string::npos) return false;  // inet_pton would stop there
    std::array<unsigned char, sizeof(in6_addr)> binary{};
    if (istarts_with(content, "IPv6:")) return inet_pton(AF_INET6, &content[5], binary.data()) == 1;
    return inet_pton(AF_INET, content.c_str(), binary.data()) == 1;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  AddressFault fault_ = AddressFault::syntax;
  bool literal_ = false;
};

AddressResult<Path> checked(Path path) {
  path.is_utf8 = std::any_of(path.address.begin(), path.address.end(), is_eight_bit);
  if (path.is_utf8 && !is_utf8(path.address)) return AddressFault::syntax;
  return path;
}

}  // namespace

void throw_exception_from_error(AddressFault, const boost::source_location&) {
  throw std::runtime_error("not an address");
}

AddressResult<Path> parse_path(std::string_view text) {
  Reader reader(text);
  if (!reader.take('<')) return reader.fault();
  if (reader.take('>')) return checked({text.substr(0, 0), reader.position(), false});
  if (text.substr(1).starts_with('@') && !reader.source_route()) return reader.fault();
  const std::size_t start = reader.position();
  if (!reader.mailbox(true)) return reader.fault();
  const std::string_view address = reader.since(start);
  if (!reader.take('>')) return AddressFault::syntax;
  if (reader.position() > kMaxPathBytes) return AddressFault::too_long;
  return checked({address, reader.position(), reader.is_literal()});
}

AddressResult<Path> parse_address(std::string_view text) {
  Reader reader(text);
  if (!reader.mailbox(false)) return reader.fault();
  if (!reader.at_end()) return AddressFault::syntax;
  return checked({text, text.size(), reader.is_literal()});
}

bool is_domain(std::string_view text) {
  Reader reader(text);
  return reader.domain() && reader.at_end() && is_utf8(text);
}

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string() : to_lower(address.substr(at + 1));
}

}  // namespace postern::mail
