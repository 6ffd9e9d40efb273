#include "net/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.hpp"
#include "net/address.hpp"

namespace postern::net {
namespace {

namespace ip = boost::asio::ip;
using Says = ProxyHeader::Says;
using namespace std::string_view_literals;

constexpr std::string_view kWord = "PROXY ";
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;  // 2.2
constexpr std::size_t kShortestLine = 15;                          // "PROXY UNKNOWN" and CRLF
constexpr std::size_t kLongestLine = 107;                          // 2.1
constexpr std::size_t kBlockHead = 16;        // signature, version and command, family, length
constexpr std::size_t kLongestBlock = 16384;  // what HAProxy itself takes (its tune.bufsize)

// Version and command; address family and protocol (2.2). Datagrams do not come over TCP.
constexpr unsigned kLocal = 0x20;
constexpr unsigned kProxied = 0x21;
constexpr unsigned kUnspecified = 0x00;
constexpr unsigned kTcp4 = 0x11;
constexpr unsigned kTcp6 = 0x21;
constexpr unsigned kUnixStream = 0x31;

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// Decimal, no leading zero, at most 65535.
bool is_port(std::string_view text) {
  const auto number = parse_number(text);
  return number && *number <= 65535 && (text.size() == 1 || text.front() != '0');
}

/// As the line writes it; false: not of that family.
bool read_address(std::string_view text, bool is_v6, ip::address& address) {
  // Asio would also take a zone ("%eth0"), and stop reading at a NUL.
  if (text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
  boost::system::error_code bad;
  address = ip::make_address(std::string(text), bad);
  return !bad && address.is_v6() == is_v6;
}

/// With room for its addresses and ports.
bool is_family(unsigned family, std::size_t length) {
  return family == kUnspecified || (family == kTcp4 && length >= 12) ||
         (family == kTcp6 && length >= 36) || (family == kUnixStream && length >= 216);
}

template <class Address>
ip::address address_in(std::string_view bytes) {
  typename Address::bytes_type raw{};
  std::copy_n(bytes.begin(), raw.size(), raw.begin());
  return plain(Address(raw));
}

}  // namespace

std::size_t ProxyHeader::wants() const {
  if (says_ != Says::more) return 0;
  if (taken_bytes_ < kShortestLine) return kShortestLine - taken_bytes_;
  if (is_line()) return seen_.back() == '\r' ? 1 : 2;
  if (taken_bytes_ < kBlockHead) return kBlockHead - taken_bytes_;
  return std::min(block_bytes() - taken_bytes_, kMostWanted);
}

void ProxyHeader::take(std::string_view bytes) {
  taken_bytes_ += bytes.size();
  seen_ += bytes.substr(0, kLongestLine - seen_.size());
  if (!begins_well())
    says_ = Says::broken;
  else
    says_ = is_line() ? read_line() : read_block();
}

// What is wrong from the first byte on is known at the first byte.
bool ProxyHeader::begins_well() const {
  const std::string_view expected = is_line() ? kWord : kSignature;
  return expected.starts_with(std::string_view(seen_).substr(0, expected.size()));
}

bool ProxyHeader::is_line() const {
  return seen_.front() == kWord.front();
}

// Version 1. The line ends where the bytes end, for no more were asked for than it must have.
Says ProxyHeader::read_line() {
  const std::size_t end = seen_.find('\r');
  if (seen_.find('\n') < end) return Says::broken;
  if (end == std::string::npos || end + 1 == seen_.size())
    return seen_.size() + wants() > kLongestLine ? Says::broken : Says::more;
  if (end + 2 != seen_.size() || seen_.back() != '\n') return Says::broken;

  const std::string_view line = std::string_view(seen_).substr(kWord.size(), end - kWord.size());
  const std::vector<std::string_view> words = split(line, ' ');
  if (words.front() == "UNKNOWN") return Says::unknown;  // what follows is to be ignored
  if (words.size() != 5 || (words[0] != "TCP4" && words[0] != "TCP6")) return Says::broken;
  const bool is_v6 = words[0] == "TCP6";
  ip::address client;
  ip::address door;
  if (!read_address(words[1], is_v6, client) || !read_address(words[2], is_v6, door) ||
      !is_port(words[3]) || !is_port(words[4]))
    return Says::broken;
  address_ = plain(client);
  return Says::client;
}

std::size_t ProxyHeader::block_bytes() const {
  return kBlockHead + (byte_at(seen_, 14) << 8 | byte_at(seen_, 15));
}

// Version 2. Behind the addresses there may be extensions (2.2.7): nothing in them concerns mail.
Says ProxyHeader::read_block() {
  if (taken_bytes_ < kBlockHead) return Says::more;
  const unsigned command = byte_at(seen_, 12);
  const unsigned family = byte_at(seen_, 13);
  const std::size_t length = block_bytes() - kBlockHead;
  if (block_bytes() > kLongestBlock) return Says::broken;
  if (command != kLocal && command != kProxied) return Says::broken;
  if (command == kProxied && !is_family(family, length)) return Says::broken;
  if (taken_bytes_ < block_bytes()) return Says::more;
  if (command == kLocal) return Says::proxy;  // whatever it says of addresses
  if (family != kTcp4 && family != kTcp6) return Says::unknown;
  const std::string_view addresses = std::string_view(seen_).substr(kBlockHead);
  address_ = family == kTcp4 ? address_in<ip::address_v4>(addresses)
                             : address_in<ip::address_v6>(addresses);
  return Says::client;
}

}  // namespace postern::net
