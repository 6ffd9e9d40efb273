#include "net/proxy_header.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace postern::net {
namespace {

using Says = ProxyHeader::Says;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::string_view kFollowing = "EHLO client.example\r\n";

/// What was made of a header, and what it left in the socket.
struct Read {
  Says says = Says::more;
  std::string address;  // of a client
  std::string left;
  friend bool operator==(const Read&, const Read&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Read& read) {
    return out << "says " << static_cast<int>(read.says) << ", address " << read.address
               << ", left " << read.left.size() << " bytes";
  }
};

/// Reads as a socket would give: at most what is wanted, and never across one of `cuts`.
Read read(std::string_view bytes, const std::vector<std::size_t>& cuts = {}) {
  ProxyHeader header;
  std::size_t at = 0;
  while (header.says() == Says::more && at < bytes.size()) {
    std::size_t end = std::min(bytes.size(), at + header.wants());
    for (const std::size_t cut : cuts)
      if (cut > at && cut < end) end = cut;
    header.take(bytes.substr(at, end - at));
    at = end;
  }
  Read result{header.says(), {}, std::string(bytes.substr(at))};
  if (result.says == Says::client) result.address = header.address().to_string();
  return result;
}

/// The same however it is split, with a client's bytes right behind it.
void expect_read(std::string_view header, Says says, const std::string& address = {}) {
  const std::string bytes = std::string(header) + std::string(kFollowing);
  const Read expected{says, address, std::string(kFollowing)};
  EXPECT_EQ(expected, read(bytes)) << header;
  std::vector<std::size_t> every_byte;
  for (std::size_t i = 1; i < header.size(); ++i) {
    EXPECT_EQ(expected, read(bytes, {i})) << header << " split at " << i;
    EXPECT_EQ(Says::more, read(header.substr(0, i)).says) << header << " cut off at " << i;
    every_byte.push_back(i);
  }
  EXPECT_EQ(expected, read(bytes, every_byte)) << header;
}

/// Broken however it is split; bytes behind it heal nothing.
void expect_broken(std::string_view header) {
  const std::string bytes = std::string(header) + std::string(200, 'x');
  EXPECT_EQ(Says::broken, read(bytes).says) << header;
  std::vector<std::size_t> every_byte;
  for (std::size_t i = 1; i < header.size(); ++i) {
    EXPECT_EQ(Says::broken, read(bytes, {i}).says) << header << " split at " << i;
    every_byte.push_back(i);
  }
  EXPECT_EQ(Says::broken, read(bytes, every_byte).says) << header;
}

std::string block(char command, char family, std::string_view payload) {
  std::string bytes(kSignature);
  bytes += {command, family, static_cast<char>(payload.size() >> 8),
            static_cast<char>(payload.size() & 0xff)};
  return bytes.append(payload);
}

constexpr std::string_view kInet = "\xc0\x00\x02\x07\xc6\x33\x64\x01\xd4\x31\x00\x19"sv;
constexpr std::string_view kInet6 =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\xd4\x31\x00\x19"sv;

TEST(ProxyHeader, LineNamesTheClient) {
  expect_read("PROXY TCP4 192.0.2.7 198.51.100.1 54321 25\r\n", Says::client, "192.0.2.7");
  expect_read("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", Says::client,
              "255.255.255.255");
  expect_read("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", Says::client, "0.0.0.0");
  expect_read("PROXY TCP6 2001:db8::7 2001:DB8::1 54321 25\r\n", Says::client, "2001:db8::7");
  expect_read(
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "65535 65535\r\n",
      Says::client, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  expect_read("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", Says::client, "192.0.2.7");
}

TEST(ProxyHeader, LineOfAnUnknownClient) {
  expect_read("PROXY UNKNOWN\r\n", Says::unknown);
  expect_read("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", Says::unknown);
  expect_read("PROXY UNKNOWN whatever it may be\r\n", Says::unknown);
}

TEST(ProxyHeader, LineThatIsNotAsDocumented) {
  for (const std::string_view line : {
           "PROXY\r\n"sv,
           "PROXY \r\n"sv,
           "PROXY UNKNOWNS\r\n"sv,
           "PROXY TCP5 192.0.2.7 198.51.100.1 54321 25\r\n"sv,
           "PROXY UDP4 192.0.2.7 198.51.100.1 54321 25\r\n"sv,
           "PROXY tcp4 192.0.2.7 198.51.100.1 54321 25\r\n"sv,
           "proxy TCP4 192.0.2.7 198.51.100.1 54321 25\r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 54321\r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 54321 25 \r\n"sv,
           "PROXY TCP4  192.0.2.7 198.51.100.1 54321 25\r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 54321 25 0\r\n"sv,
           "PROXY\tTCP4\t192.0.2.7\t198.51.100.1\t54321\t25\r\n"sv,
           "PROXY TCP4 192.0.2.256 198.51.100.1 54321 25\r\n"sv,
           "PROXY TCP4 192.0.02.7 198.51.100.1 54321 25\r\n"sv,
           "PROXY TCP4 192.0.2 198.51.100.1 54321 25\r\n"sv,
           "PROXY TCP4 2001:db8::7 2001:db8::1 54321 25\r\n"sv,
           "PROXY TCP6 192.0.2.7 198.51.100.1 54321 25\r\n"sv,
           "PROXY TCP6 fe80::1%eth0 2001:db8::1 54321 25\r\n"sv,
           "PROXY TCP6 [2001:db8::7] [2001:db8::1] 54321 25\r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 054321 25\r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 -1 25\r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 54321 \r\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 54321 25\n"sv,
           "PROXY TCP4 192.0.2.7 198.51.100.1 54321 25\rX"sv,
           "PROXY TCP4 192.0.2.7\0 198.51.100.1 54321 25\r\n"sv,
       })
    expect_broken(line);
}

TEST(ProxyHeader, LineHasAtMost107Bytes) {
  const std::string start = "PROXY UNKNOWN ";
  expect_read(start + std::string(105 - start.size(), 'x') + "\r\n", Says::unknown);
  expect_broken(start + std::string(106 - start.size(), 'x') + "\r\n");
  expect_broken(start + std::string(10'000, 'x'));
}

TEST(ProxyHeader, BlockNamesTheClient) {
  expect_read(block(0x21, 0x11, kInet), Says::client, "192.0.2.7");
  expect_read(block(0x21, 0x21, kInet6), Says::client, "2001:db8::7");
  std::string mapped(kInet6);
  mapped.replace(0, 16, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07"sv);
  expect_read(block(0x21, 0x21, mapped), Says::client, "192.0.2.7");
}

TEST(ProxyHeader, BlockOfTheProxyItselfOrOfSomebodyUnknown) {
  expect_read(block(0x20, 0x00, ""), Says::proxy);
  expect_read(block(0x20, 0x11, kInet), Says::proxy);
  expect_read(block(0x20, 0x77, "what LOCAL says is not looked at"), Says::proxy);
  expect_read(block(0x21, 0x00, ""), Says::unknown);
  expect_read(block(0x21, 0x00, "some bytes"), Says::unknown);
  expect_read(block(0x21, 0x31, std::string(216, '/')), Says::unknown);
}

TEST(ProxyHeader, BlockWithExtensionsWhichAreSkipped) {
  const std::string authority = "\x02"s + "\0\x0b"s + "example.com";
  expect_read(block(0x21, 0x11, std::string(kInet) + authority), Says::client, "192.0.2.7");
}

TEST(ProxyHeader, BlockHasAtMost16KiB) {
  const auto of_size = [](std::size_t bytes) {
    return block(0x21, 0x21, std::string(kInet6) + std::string(bytes - 16 - kInet6.size(), 'x'));
  };
  const std::string bytes = of_size(16384) + std::string(kFollowing);
  EXPECT_EQ((Read{Says::client, "2001:db8::7", std::string(kFollowing)}), read(bytes));
  // Known by the length that it names, not by waiting for it.
  EXPECT_EQ(Says::broken, read(of_size(16385).substr(0, 16)).says);
  EXPECT_EQ(Says::broken, read(block(0x20, 0x00, std::string(65535, 'x')).substr(0, 16)).says);
}

TEST(ProxyHeader, BlockThatIsNotAsDocumented) {
  for (const int command : {0x00, 0x01, 0x10, 0x11, 0x22, 0x2f, 0x31, 0xff})
    expect_broken(block(static_cast<char>(command), 0x11, kInet));
  for (const int family : {0x01, 0x10, 0x12, 0x13, 0x22, 0x30, 0x32, 0x41, 0xff})
    expect_broken(block(0x21, static_cast<char>(family), std::string(216, 'x')));
  expect_broken(block(0x21, 0x11, kInet.substr(1)));
  expect_broken(block(0x21, 0x11, ""));
  expect_broken(block(0x21, 0x21, kInet));
  expect_broken(block(0x21, 0x31, std::string(215, '/')));
  for (std::size_t i = 0; i < kSignature.size(); ++i) {
    std::string damaged = block(0x21, 0x11, kInet);
    damaged[i] = '?';
    expect_broken(damaged);
  }
}

TEST(ProxyHeader, OtherProtocolsAreKnownAtTheFirstWrongByte) {
  for (const std::string_view text :
       {"EHLO client.example\r\n"sv, "\x16\x03\x01\x02\x00\x01\x00\x01"sv, "GET / HTTP/1.1\r\n"sv,
        "\n"sv, "\0"sv, "QUIT\r\n"sv}) {
    ProxyHeader header;
    header.take(text.substr(0, 1));
    EXPECT_EQ(Says::broken, header.says()) << text;
    EXPECT_EQ(0U, header.wants());
  }
  ProxyHeader pipelined;
  pipelined.take("PO");
  EXPECT_EQ(Says::broken, pipelined.says());
}

}  // namespace
}  // namespace postern::net
