// Whole dialogues, STARTTLS and AUTH included: the session survives any client, says and stores the
// same however a client's lines are cut, never loses count of the chunks it gave out, and never
// says a line that is no reply. Seeds: dialogue_corpus.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "tests/fuzz/session_setup.hpp"

namespace {

using namespace postern;
using fuzz::SessionSetup;
using Random = std::minstd_rand;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t up_to(Random& random, std::size_t most) {
  return 1 + random() % most;
}

void check_replies(std::string_view transcript) {
  while (!transcript.empty()) {
    if (transcript.starts_with("-- ")) {  // a handshake, a pause
      transcript.remove_prefix(transcript.find('\n') + 1);
      continue;
    }
    const auto end = transcript.find("\r\n");
    require(end != std::string_view::npos && end >= 3 && end <= 510);
    require(transcript[0] >= '2' && transcript[0] <= '5');
    require(std::all_of(transcript.begin(), transcript.begin() + static_cast<std::ptrdiff_t>(end),
                        [](char c) { return c >= 0x20 && c < 0x7F; }));
    transcript.remove_prefix(end + 2);
  }
}

void check_stored(const smtpd::Client& client) {
  for (const smtpd::Stored& stored : client.stored) {
    const Message& message = stored.message;
    const std::string content = stored.content();
    require(content.size() == message.size_bytes);
    require(stored.chunks.size() == message.chunks);
    require(message.header_bytes <= stored.chunks[0].size());
    require(!message.envelope.recipients.empty());
    require(message.envelope.recipients.size() <= client.settings.max_recipients);
    // Only CRLF ends a line of what is stored, and nothing cuts it short.
    require(content.ends_with("\r\n") && content.find('\0') == std::string::npos);
    for (auto at = content.find_first_of("\r\n"); at != std::string::npos;
         at = content.find_first_of("\r\n", at + 2))
      require(content.compare(at, 2, "\r\n") == 0);
  }
}

void check(const smtpd::Client& client) {
  check_replies(client.transcript);
  check_stored(client);
}

/// The bytes in pieces; no piece reaches over the end of a line. Never two commands in one piece:
/// what follows DATA or STARTTLS in its piece is refused on purpose.
template <class PieceSize>
void speak_lines(smtpd::Client& client, std::string_view bytes, PieceSize piece_size) {
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n') + 1);
    const std::size_t most = line.empty() ? bytes.size() : line.size();
    const std::size_t size = std::min<std::size_t>(most, piece_size(most));
    client.speak(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

void require_same(const smtpd::Client& one, const smtpd::Client& other) {
  require(one.transcript == other.transcript);
  require(one.stored.size() == other.stored.size());
  for (std::size_t i = 0; i < one.stored.size(); ++i) {
    require(one.stored[i].content() == other.stored[i].content());
    require(one.stored[i].message.envelope.recipients ==
            other.stored[i].message.envelope.recipients);
    require(one.stored[i].message.identity == other.stored[i].message.identity);
  }
}

// Reads of any size, and an end at any time: the client goes, is too slow, or the server goes down.
void cut_short(const SessionSetup& setup, std::string_view bytes, Random& random) {
  smtpd::Client client;
  setup.apply(client);
  std::string_view heard = bytes.substr(0, random() % (bytes.size() + 1));
  while (!heard.empty()) {
    const std::size_t size = std::min(heard.size(), up_to(random, 600));
    client.speak(heard.substr(0, size));
    heard.remove_prefix(size);
    if (random() % 16 == 0) client.session().shut_down();
  }
  if (random() % 2 == 0) client.session().timed_out();
  client.session().disconnected();
  require(client.closed());
  if (client.session().take_abandoned()) client.pending_chunks.clear();
  require(client.pending_chunks.empty());
  check_stored(client);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < SessionSetup::kBytes) return 0;
  const SessionSetup setup = SessionSetup::read(data);
  const std::string_view bytes(reinterpret_cast<const char*>(data + SessionSetup::kBytes),
                               size - SessionSetup::kBytes);
  Random random(setup.seed + 1);

  smtpd::Client by_line;
  setup.apply(by_line);
  speak_lines(by_line, bytes, [](std::size_t most) { return most; });
  check(by_line);

  smtpd::Client by_byte;
  setup.apply(by_byte);
  speak_lines(by_byte, bytes, [](std::size_t) { return 1; });
  require_same(by_line, by_byte);

  smtpd::Client by_piece;
  setup.apply(by_piece);
  speak_lines(by_piece, bytes, [&](std::size_t most) { return up_to(random, most); });
  require_same(by_line, by_piece);

  smtpd::Client at_once;
  setup.apply(at_once);
  at_once.speak(bytes);
  check(at_once);

  cut_short(setup, bytes, random);
  return 0;
}
