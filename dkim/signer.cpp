#include "dkim/signer.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "dkim/canonicalize.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kColumns = 78;  // RFC 5322 section 2.1.1

// What a reader sees or a program acts on. Named once more than present even when absent, so that
// nobody can add one: a Content-Type put before a message without one would show it otherwise, a
// Reply-To would steer the answer.
constexpr std::array<std::string_view, 12> kAlways = {
    "From",       "Reply-To",     "Subject",      "To",
    "Cc",         "Date",         "Message-ID",   "In-Reply-To",
    "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};

// Signed where present. RFC 8058 section 4 demands List-Unsubscribe and its -Post to be signed; as
// mailing lists add their own List-* on the way, absent ones are not claimed. Trace fields
// (Received, Return-Path), comments and X-* change in transit and are never signed (RFC 6376
// section 5.4.1).
constexpr std::array<std::string_view, 15> kWherePresent = {
    "Sender",           "Content-ID",     "Content-Description", "Content-Disposition",
    "Content-Language", "Auto-Submitted", "List-Unsubscribe",    "List-Unsubscribe-Post",
    "List-Id",          "List-Help",      "List-Subscribe",      "List-Post",
    "List-Owner",       "List-Archive",   "Feedback-ID"};

// Puts pieces on lines of at most kColumns; a piece longer than that gets a line of its own.
class Folder {
 public:
  explicit Folder(std::string start) : text_(std::move(start)), column_(text_.size()) {}
  // `spaced`: stands apart from the piece before by a space.
  void add(std::string_view piece, bool spaced) {
    const std::size_t width = piece.size() + (spaced ? 1 : 0);
    if (column_ + width > kColumns) {
      text_ += "\r\n ";
      column_ = 1;
    } else if (spaced) {
      text_ += ' ';
      ++column_;
    }
    text_ += piece;
    column_ += piece.size();
  }
  // For base64, which may be cut anywhere.
  void add_cut(std::string_view bytes) {
    while (!bytes.empty()) {
      if (column_ >= kColumns) {
        text_ += "\r\n ";
        column_ = 1;
      }
      const auto piece = bytes.substr(0, kColumns - column_);
      text_ += piece;
      column_ += piece.size();
      bytes.remove_prefix(piece.size());
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t column_;
};

void name_field(std::string_view name, SignedFields& chosen) {
  if (!chosen.names.empty()) chosen.names += ':';
  chosen.names += name;
}

// Section 5.4.2: of repeated fields the lowest is taken first. Returns how many there are.
std::size_t take_all(std::string_view name, const std::vector<Field>& fields,
                     SignedFields& chosen) {
  std::size_t count = 0;
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (!iequals(field->name, name)) continue;
    name_field(name, chosen);
    chosen.canonical += relaxed(field->text);
    ++count;
  }
  return count;
}

}  // namespace

SignedFields choose_fields(std::string_view header_block,
                           std::span<const std::string_view> rewritten) {
  const auto fields = split_fields(header_block);
  const auto stays = [rewritten](std::string_view name) {
    return std::none_of(rewritten.begin(), rewritten.end(),
                        [name](std::string_view one) { return iequals(one, name); });
  };
  SignedFields chosen;
  for (const std::string_view name : kAlways) {
    if (!stays(name)) continue;
    take_all(name, fields, chosen);
    name_field(name, chosen);
  }
  for (const std::string_view name : kWherePresent)
    if (stays(name) && take_all(name, fields, chosen) > 0) name_field(name, chosen);
  return chosen;
}

std::string Signer::sign(const SignedFields& fields, std::string_view body_hash, Time now) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  Folder header("DKIM-Signature: v=1;");
  header.add("a=" + std::string(to_string(key_.algorithm())) + ";", true);
  header.add("c=relaxed/relaxed;", true);
  header.add("d=" + domain_ + ";", true);
  header.add("s=" + selector_ + ";", true);
  header.add("t=" + std::to_string(seconds) + ";", true);
  const auto names = split(fields.names, ':');
  for (std::size_t i = 0; i < names.size(); ++i)
    header.add((i == 0 ? "h=" : "") + std::string(names[i]) + (i + 1 < names.size() ? ":" : ";"),
               i == 0);
  header.add("bh=" + crypto::to_base64(body_hash) + ";", true);
  header.add("b=", true);
  // Section 3.7: the field itself, b= empty and without its CRLF, is signed last.
  header.add_cut(crypto::to_base64(key_.sign(fields.canonical + relaxed(header.text()))));
  return header.text() + "\r\n";
}

}  // namespace postern::dkim
