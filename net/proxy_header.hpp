#pragma once
// The PROXY protocol, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt): the line or block with
// which a proxy says, before anything else, on whose behalf it connects. smtpd reads it on
// listeners with `proxy_protocol`; the numbers below are of that document.
//
// Pure and strict: bytes go in, an answer comes out; whatever the document does not allow is
// broken. wants() never asks for a byte behind the header, so what follows (a TLS hello) can stay
// in the socket. Memory is bounded, and so is what a header may say of its length.
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::net {

class ProxyHeader {
 public:
  static constexpr std::size_t kMostWanted = 512;

  enum class Says {
    more,     // not whole yet
    client,   // address() is the client's
    proxy,    // LOCAL: the proxy itself connects, to see whether we live
    unknown,  // UNKNOWN, or a family that is not IP: somebody whose address cannot be told
    broken,   // not the PROXY protocol
  };

  Says says() const { return says_; }
  /// How many bytes may be read next without taking one that is not the header's: at most
  /// kMostWanted; 0 once says() is anything but more.
  std::size_t wants() const;
  /// At most wants() bytes, at least one.
  void take(std::string_view bytes);
  /// In net::plain() form.
  const boost::asio::ip::address& address() const { return address_; }

 private:
  bool begins_well() const;
  bool is_line() const;
  std::size_t block_bytes() const;
  Says read_line();
  Says read_block();

  Says says_ = Says::more;
  std::string seen_;  // the beginning: all of a line; of a block more than its addresses
  std::size_t taken_bytes_ = 0;
  boost::asio::ip::address address_;
};

}  // namespace postern::net
