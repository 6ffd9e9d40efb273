// Whole dialogues: the session survives any client, says and stores the same whether the bytes come
// line by line or one by one, and never keeps more than it may.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/unit/smtpd/client.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

void set_up(smtpd::Client& client, std::uint8_t options) {
  client.peer.trusted = (options & 1) == 0;
  client.policy.hide = (options & 2) != 0;
  client.policy.hash = (options & 4) != 0;
  if ((options & 8) != 0) client.put_fault = queue::StorageFault{true, "full"};
  if ((options & 16) != 0) client.settings.max_message_bytes = 300;
  if ((options & 32) != 0) client.settings.tls = config::ListenerTls::starttls;
  if ((options & 64) != 0) client.policy.users = {{"u", Secret("p"), {"product.com"}, "b.example"}};
  if ((options & 128) != 0) client.settings.auth = config::Auth::required;
  client.greet();
}

void check_replies(std::string_view transcript) {
  while (!transcript.empty()) {
    if (transcript.starts_with("-- ")) {  // a handshake, a pause
      transcript.remove_prefix(transcript.find('\n') + 1);
      continue;
    }
    const auto end = transcript.find("\r\n");
    require(end != std::string_view::npos && end >= 3 && end <= 512);
    require(transcript[0] >= '2' && transcript[0] <= '5');
    transcript.remove_prefix(end + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  // Never two commands in one piece: what follows DATA in its piece is refused on purpose.
  smtpd::Client by_line;
  set_up(by_line, data[0]);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = bytes.find('\n', at);
    const std::size_t next = end == std::string_view::npos ? bytes.size() : end + 1;
    by_line.speak(bytes.substr(at, next - at));
    at = next;
  }
  smtpd::Client by_byte;
  set_up(by_byte, data[0]);
  for (const char& c : bytes) by_byte.speak({&c, 1});

  require(by_line.transcript == by_byte.transcript);
  require(by_line.closed() == by_byte.closed());
  require(by_line.stored.size() == by_byte.stored.size());
  for (std::size_t i = 0; i < by_line.stored.size(); ++i) {
    const smtpd::Stored& stored = by_line.stored[i];
    require(stored.content() == by_byte.stored[i].content());
    require(stored.content().size() == stored.message.size_bytes);
    require(stored.chunks.size() == stored.message.chunks);
    require(stored.message.header_bytes <= stored.chunks[0].size());
    require(!stored.message.envelope.recipients.empty());
  }
  check_replies(by_line.transcript);

  smtpd::Client at_once;
  set_up(at_once, data[0]);
  at_once.speak(bytes);
  check_replies(at_once.transcript);
  return 0;
}
