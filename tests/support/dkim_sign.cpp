// Signs a message as the smtp transport would: dkim_sign DOMAIN SELECTOR=KEY.pem... with the
// message on standard input; the signed message comes out. For tests/e2e/dkim_test.py, which has
// other people's verifiers look at it.
#include <fstream>
#include <iostream>
#include <iterator>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "dkim/keyring.hpp"

int main(int argc, char** argv) {
  using namespace postern;
  config::Domain domain;
  domain.name = argc > 1 ? argv[1] : "";
  for (int i = 2; i < argc; ++i) {
    const std::string pair = argv[i];
    const auto equals = pair.find('=');
    std::ifstream file(pair.substr(equals + 1));
    domain.dkim.push_back(
        {pair.substr(0, equals), Secret(std::string(std::istreambuf_iterator<char>(file), {}))});
  }
  const auto ring = dkim::Keyring::build({domain});
  if (!ring) {
    std::cerr << ring.error().what << "\n";
    return 1;
  }
  const std::string bytes(std::istreambuf_iterator<char>(std::cin), {});
  Message message;
  message.sender_domain = domain.name;
  message.header_bytes = static_cast<std::uint32_t>(bytes.find("\r\n\r\n") + 4);
  std::cout << ring->signatures(message, MemoryContent(bytes), SystemClock{}.now()) << bytes;
  return 0;
}
