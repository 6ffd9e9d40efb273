#include "cli/letter.hpp"

#include <algorithm>
#include <set>

#include "cli/failure.hpp"
#include "core/crypto.hpp"
#include "core/text.hpp"
#include "mail/address.hpp"
#include "mail/headers.hpp"
#include "mail/mailboxes.hpp"

namespace postern::cli {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view one) { return iequals(name, one); });
}

bool holds_addresses(std::string_view name) {
  if (istarts_with(name, "Resent-")) name.remove_prefix(std::string_view("Resent-").size());
  return is_one_of(name, {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"});
}

bool names_recipients(std::string_view name, bool resent) {
  return resent ? is_one_of(name, {"Resent-To", "Resent-Cc", "Resent-Bcc"})
                : is_one_of(name, {"To", "Cc", "Bcc"});
}

std::string with_domain(const std::string& address, const std::string& domain) {
  return address.find('@') == std::string::npos ? address + '@' + domain : address;
}

// RFC 2047 section 4.1 for what is not ASCII, in words of at most 75 characters that end where a
// character ends; else a phrase of RFC 5322 section 3.2.5, quoted where it must be.
std::string phrase(std::string_view name) {
  constexpr std::size_t kWordBytes = 45;  // 60 in Base64
  const auto is_ascii = [](char c) { return c >= 0x20 && c < 0x7F; };
  const auto is_plain = [](char c) {
    return c == ' ' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  if (std::all_of(name.begin(), name.end(), is_plain)) return std::string(name);
  std::string out;
  if (std::all_of(name.begin(), name.end(), is_ascii)) {
    for (const char c : name) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return '"' + out + '"';
  }
  while (!name.empty()) {
    std::size_t length = std::min(name.size(), kWordBytes);
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    while (length < name.size() && length > 1 && continues(name[length])) --length;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + crypto::to_base64(name.substr(0, length)) + "?=";
    name.remove_prefix(length);
  }
  return out;
}

/// The value of a field with addresses, those without a domain given one. What is no list stays as
/// it is.
std::string completed(std::string_view value, const std::string& domain) {
  const auto mailboxes = mail::parse_mailboxes(value);
  if (!mailboxes) return std::string(value);
  std::string out;
  std::size_t copied = 0;
  for (const mail::Mailbox& mailbox : *mailboxes) {
    if (mailbox.address.find('@') != std::string::npos) continue;
    out += value.substr(copied, mailbox.end - copied);
    out += '@' + domain;
    copied = mailbox.end;
  }
  return out += value.substr(copied);
}

/// Writes one letter; its parts throw Failure.
class Writer {
 public:
  Writer(const SendmailOptions& options, std::string_view text, const Caller& caller)
      : options_(options), caller_(caller) {
    split(text);
  }

  Letter write() {
    letter_.sender = sender();
    add_recipients();
    for (const mail::HeaderField& field : fields_) add_field(field);
    if (!has("From")) letter_.content += "From:" + own_from();
    letter_.content += kLineEnd;
    letter_.content += body_;
    return std::move(letter_);
  }

 private:
  // The header ends where lines cease to be fields: programs that know nothing of headers send a
  // body alone. A "From " line right above it is what mbox files put between messages.
  void split(std::string_view text) {
    if (text.starts_with("From ") || text.starts_with(">From ")) {
      std::string_view below = text.substr(text.find(kLineEnd) + kLineEnd.size());
      const std::string_view header = below;
      if (mail::take_field(below)) text = header;
    }
    while (!text.empty() && !text.starts_with(kLineEnd)) {
      const auto field = mail::take_field(text);
      if (!field) break;
      fields_.push_back(*field);
    }
    if (text.starts_with(kLineEnd)) text.remove_prefix(kLineEnd.size());
    body_ = text;
  }

  bool has(std::string_view name) const {
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const mail::HeaderField& field) { return iequals(field.name, name); });
  }

  std::string own_address() const { return caller_.user + '@' + caller_.domain; }

  std::string own_from() const {
    const std::string& name = options_.full_name.empty() ? caller_.full_name : options_.full_name;
    const std::string address = letter_.sender.empty() ? own_address() : letter_.sender;
    if (name.empty()) return ' ' + address + "\r\n";
    return ' ' + phrase(name) + " <" + address + ">\r\n";
  }

  /// The address as it may stand in the envelope.
  std::string envelope_address(const std::string& address, ExitStatus blame,
                               const std::string& whose) {
    std::string complete = with_domain(address, caller_.domain);
    const auto path = mail::parse_address(complete);
    if (!path)
      throw Failure(blame, '"' + escape(address) + '"' + whose + " is not a valid e-mail address.");
    letter_.smtputf8 |= path->is_utf8;
    return complete;
  }

  std::string sender() {
    if (!options_.sender)
      return envelope_address(own_address(), kMisconfigured, ", your own address here,");
    const std::string_view given = trim(*options_.sender);
    if (given.empty() || given == "<>") return {};
    const auto mailboxes = mail::parse_mailboxes(given);
    if (!mailboxes) throw Failure(kMisused, "The sender " + mailboxes.error().what + '.');
    if (mailboxes->size() != 1) throw Failure(kMisused, "The sender must be one address.");
    return envelope_address(mailboxes->front().address, kMisused, ", the sender,");
  }

  void add_recipients() {
    for (const std::string& word : options_.recipients) add_list(word, kMisused, "A recipient");
    if (options_.reads_recipients) {
      const bool resent = has("Resent-To") || has("Resent-Cc") || has("Resent-Bcc");
      for (const mail::HeaderField& field : fields_)
        if (names_recipients(field.name, resent))
          add_list(field.value, kBadMessage, std::string(field.name));
    }
    if (!letter_.recipients.empty()) return;
    if (options_.reads_recipients)
      throw Failure(kBadMessage, "The message names no recipient in To, Cc or Bcc.");
    throw Failure(kMisused, "The recipients given are nobody.");
  }

  void add_list(std::string_view list, ExitStatus blame, const std::string& name) {
    const auto mailboxes = mail::parse_mailboxes(list);
    if (!mailboxes) throw Failure(blame, name + ' ' + mailboxes.error().what + '.');
    for (const mail::Mailbox& mailbox : *mailboxes) {
      std::string address = envelope_address(mailbox.address, blame, "");
      if (known_.insert(address).second) letter_.recipients.push_back(std::move(address));
    }
  }

  void add_field(const mail::HeaderField& field) {
    if (!holds_addresses(field.name)) {
      letter_.content += field.raw;
      return;
    }
    letter_.content += field.name;
    letter_.content += ':';
    letter_.content += completed(field.value, caller_.domain);
    letter_.content += kLineEnd;
  }

  const SendmailOptions& options_;
  const Caller& caller_;
  std::vector<mail::HeaderField> fields_;
  std::string_view body_;
  std::set<std::string> known_;
  Letter letter_;
};

}  // namespace

// A CR alone is a line end of old, but within the header it would end a field and begin another:
// there it is white space.
void LetterInput::take(std::string_view bytes) {
  for (const char c : bytes) {
    if (done_ || is_too_large()) return;
    if (c == '\n') {
      end_line();
      continue;
    }
    if (after_cr_ && c != '\r') {
      if (in_header_)
        text_ += ' ';
      else
        end_line();
    }
    after_cr_ = c == '\r';
    if (!after_cr_ && !done_) text_ += c;
  }
}

void LetterInput::end_line() {
  after_cr_ = false;
  const std::string_view line = std::string_view(text_).substr(line_start_);
  if (dot_ends_ && line == ".") {
    text_.resize(line_start_);
    done_ = true;
    return;
  }
  if (line.empty()) in_header_ = false;
  text_ += kLineEnd;
  line_start_ = text_.size();
}

std::string LetterInput::finish() && {
  if (!done_ && line_start_ < text_.size()) end_line();
  return std::move(text_);
}

Letter write_letter(const SendmailOptions& options, std::string_view text, const Caller& caller) {
  return Writer(options, text, caller).write();
}

}  // namespace postern::cli
