// PROXY headers: the same answer however the bytes are split, never more asked for than promised,
// and a client's address in one form.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/address.hpp"
#include "net/proxy_header.hpp"

namespace {

using namespace postern;
using net::ProxyHeader;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Read {
  ProxyHeader header;
  std::size_t taken = 0;
};

Read read(std::string_view bytes, std::size_t at_once) {
  Read result;
  while (result.header.says() == ProxyHeader::Says::more && result.taken < bytes.size()) {
    const std::size_t wanted = result.header.wants();
    require(wanted > 0 && wanted <= ProxyHeader::kMostWanted);
    const std::string_view piece = bytes.substr(result.taken, std::min(wanted, at_once));
    result.header.take(piece);
    result.taken += piece.size();
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read whole = read(bytes, ProxyHeader::kMostWanted);
  const Read split = read(bytes, 1);
  require(whole.header.says() == split.header.says());
  if (whole.header.says() != ProxyHeader::Says::broken) require(whole.taken == split.taken);
  if (whole.header.says() == ProxyHeader::Says::client) {
    require(whole.header.address() == split.header.address());
    require(whole.header.address() == net::plain(whole.header.address()));
  }
  return 0;
}
