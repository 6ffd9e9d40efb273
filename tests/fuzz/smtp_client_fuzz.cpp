// Whatever a smarthost says, the client dialogue ends: one result per transaction, delivered only
// what was sent to its end, uncertain only what was, no control characters in an outcome's reply.
// Input: the first byte chooses TLS and AUTH, the second the size of the pieces, the rest is what
// the smarthost says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "transports/rules.hpp"
#include "transports/smtp_client.hpp"

namespace {

using namespace postern;
using namespace postern::transports;
using Want = SmtpClient::Want;

constexpr std::size_t kTransactions = 4;
constexpr Time kNow{std::chrono::hours{24 * 365 * 56}};

void require(bool holds) {
  if (!holds) std::abort();
}

class Conversation {
 public:
  explicit Conversation(std::uint8_t flags)
      : client_(identity(flags), {smtp_rules()}, Duration{1000}) {
    auto message = std::make_shared<Message>();
    message->envelope.sender = "me@brand.example";
    message->envelope.recipients = {"a@x.example", "b@x.example"};
    message_ = message;
  }

  void hear(std::string_view piece) {
    client_.receive(piece, kNow);
    client_.output_written();
    while (step()) take_results();
    take_results();
  }

  void end() {
    client_.lost("the end", true);
    take_results();
    require(client_.want() == Want::close);
    require(results_ == begun_);
    require(delivered_ + uncertain_ <= sent_);
  }

 private:
  static SmtpIdentity identity(std::uint8_t flags) {
    return {"relay.example", static_cast<config::TransportTls>(flags % 4),
            (flags & 4) != 0 ? "user" : "", Secret("secret")};
  }

  // What the driver does that is not reading; false: read.
  bool step() {
    switch (client_.want()) {
      case Want::start_tls:
        client_.tls_started();
        return true;
      case Want::content:
        client_.content_started();
        client_.content_ended();
        ++sent_;
        begin();
        return true;
      case Want::work:
        return begin();
      case Want::input:
      case Want::close:
        return false;
    }
    return false;
  }

  bool begin() {
    if (begun_ == kTransactions || !client_.may_begin()) return false;
    require(!client_.begin({message_, {0, 1}, 1000}) || client_.output().empty());
    begun_ += client_.output().empty() ? 0 : 1;
    const bool written = !client_.output().empty();
    client_.output_written();
    return written;
  }

  void take_results() {
    while (const auto result = client_.take_result()) {
      ++results_;
      require(result->report.size() == 2);
      bool is_delivered = false, is_uncertain = false;
      for (const Outcome& outcome : result->report) {
        is_delivered |= outcome.kind == Outcome::Kind::delivered;
        is_uncertain |= outcome.kind == Outcome::Kind::uncertain;
        for (const char c : outcome.reply) require(static_cast<unsigned char>(c) >= 0x20);
      }
      require(!(is_delivered && is_uncertain));
      delivered_ += is_delivered ? 1 : 0;
      uncertain_ += is_uncertain ? 1 : 0;
    }
  }

  SmtpClient client_;
  std::shared_ptr<const Message> message_;
  std::size_t begun_ = 0, results_ = 0, sent_ = 0, delivered_ = 0, uncertain_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  if (count < 2) return 0;
  std::string_view rest(reinterpret_cast<const char*>(bytes) + 2, count - 2);
  Conversation conversation(bytes[0]);
  const std::size_t piece = bytes[1] == 0 ? count : bytes[1];
  conversation.hear("");
  for (; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    conversation.hear(rest.substr(0, piece));
  conversation.end();
  return 0;
}
