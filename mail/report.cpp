#include "mail/report.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "mail/headers.hpp"
#include "mail/xtext.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kColumns = 76;
constexpr std::size_t kDiagnosticBytes = 400;         // of a provider's words, here and there
constexpr std::size_t kAddressBytes = 320;            // of an address; RFC 5321 allows 256
constexpr std::size_t kOriginalBytes = 2000;          // of an original recipient: 500, escaped
constexpr std::size_t kSubjectBytes = 400;            // of the original's subject
constexpr std::size_t kHeaderBlockBytes = 48 * 1024;  // of the original's header

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// One line; in a report of ASCII also without UTF-8.
std::string one_line(std::string_view text, std::size_t limit_bytes, bool utf8) {
  std::string line = escape(text, limit_bytes);
  if (utf8 || is_ascii(line)) return line;
  static constexpr char kHex[] = "0123456789abcdef";
  std::string ascii;
  for (const unsigned char c : line) {
    if (ascii.size() >= limit_bytes) return ascii + "...";
    if (c < 0x80) {
      ascii += static_cast<char>(c);
    } else {
      ascii += "\\x";
      ascii += kHex[c >> 4];
      ascii += kHex[c & 15];
    }
  }
  return ascii;
}

// Breaks at spaces so that lines keep within kColumns where words allow; continuation lines begin
// with `indent`.
std::string wrap(std::string_view text, std::size_t column, std::string_view indent) {
  std::string out;
  bool first = true;
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!first && column + 1 + word.size() > kColumns) {
      out.append("\r\n").append(indent);
      column = indent.size();
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  return out;
}

void paragraph(std::string& out, std::string_view text) {
  out += wrap(text, 0, "") + "\r\n\r\n";
}

void field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  out += wrap(value, name.size() + 2, " ") + "\r\n";
}

// The words for people, by what the status says (RFC 3463 section 3); the first that fits.
struct Explanation {
  std::string_view prefix;  // of the status, its class left out
  std::string_view what;
  std::string_view advice;
};
constexpr std::array<Explanation, 9> kExplanations = {{
    {"1.", "The address was refused.",
     "Check the address, and send the message again to the right one."},
    {"2.2", "The mailbox is full.", "Try again later, or reach the recipient in another way."},
    {"2.3", "The message is larger than the mailbox accepts.",
     "Send a smaller message, or send large files as links."},
    {"2.", "The mailbox does not accept mail.", "Reach the recipient in another way."},
    {"3.4", "The message is larger than the recipient's mail service accepts.",
     "Send a smaller message, or send large files as links."},
    {"4.4", "The recipient's domain cannot receive mail.",
     "Check the part of the address after @."},
    {"6.", "The recipient's mail service does not accept this kind of content.",
     "Send the message in a simpler form."},
    {"7.", "The recipient's mail service refused the message by its own rules.",
     "Ask the recipient, or whoever looks after your mail, to have it allowed."},
    {"", "The message was refused.",
     "The answer below says why; whoever looks after your mail can tell more."},
}};

Explanation explain(const ReportedRecipient& recipient) {
  if (recipient.expired && !recipient.attempted)
    return {"", "No mail service could be used for it in the time allowed.",
            "Nothing is wrong with the message; tell whoever looks after your mail."};
  if (recipient.expired)
    return {"", "It could not be delivered in the time allowed; every attempt failed.",
            "Send the message again later, or reach the recipient in another way."};
  const auto detail = std::string_view(recipient.status).substr(recipient.status.find('.') + 1);
  return *std::find_if(kExplanations.begin(), kExplanations.end(),
                       [&](const Explanation& row) { return detail.starts_with(row.prefix); });
}

/// What differs by Action; in its order.
struct Words {
  std::string_view action;   // RFC 3464 section 2.3.3
  std::string_view subject;  // before the original's
  std::string_view to_one, to_many;
};
constexpr std::array<Words, 4> kWords = {{
    {"failed", "Not delivered",
     "Your message could not be delivered to the recipient below. It will not be tried again.",
     "Your message could not be delivered to the recipients below. It will not be tried again for "
     "them."},
    {"delayed", "Delayed",
     "Your message has not been delivered to the recipient below yet. It will be tried again; you "
     "need not send it once more.",
     "Your message has not been delivered to the recipients below yet. It will be tried again for "
     "them; you need not send it once more."},
    {"relayed", "Sent",
     "Your message to the recipient below was handed over to the next mail service. That one does "
     "not confirm that mail has arrived.",
     "Your message to the recipients below was handed over to the next mail service. That one does "
     "not confirm that mail has arrived."},
    {"delivered", "Delivered", "Your message has been delivered to the recipient below.",
     "Your message has been delivered to the recipients below."},
}};

const Words& words_of(Action action) {
  return kWords.at(static_cast<std::size_t>(action));
}

// What to say of one recipient besides the answer.
std::string details(const ReportedRecipient& recipient, Action action) {
  std::string out;
  const auto line = [&out](std::string_view text) {
    out += "    " + wrap(text, 4, "    ") + "\r\n";
  };
  if (action == Action::failed) {
    const Explanation words = explain(recipient);
    line(words.what);
    line(words.advice);
  }
  if (action == Action::delayed && recipient.retry_until)
    line("It is tried until " + to_rfc5322(*recipient.retry_until) + ".");
  return out;
}

std::string human_part(const DeliveryReport& report, bool utf8) {
  std::string out;
  const std::size_t count = report.recipients.size() + report.unlisted;
  const Words& words = words_of(report.action);
  paragraph(out, count == 1 ? words.to_one : words.to_many);
  for (const ReportedRecipient& recipient : report.recipients) {
    out += one_line(recipient.address, kAddressBytes, utf8) + "\r\n";
    out += details(recipient, report.action);
    if (!recipient.diagnostic.empty())
      out += "    The answer was:\r\n      " +
             wrap(one_line(recipient.diagnostic, kDiagnosticBytes, utf8), 6, "      ") + "\r\n";
    out += "\r\n";
  }
  if (report.unlisted > 0)
    paragraph(out, "There are " + std::to_string(report.unlisted) +
                       " more recipients of whom the same is true.");
  paragraph(out, report.content.empty()
                     ? "This report was made automatically. The header of your message is attached."
                     : "This report was made automatically. Your message is attached.");
  return out;
}

// "550 5.1.1 ..." came over SMTP; other answers (HTTP, our own words) get a type of their own, as
// RFC 3464 section 2.3.6 wants it.
std::string_view diagnostic_type(std::string_view diagnostic) {
  const bool is_smtp = diagnostic.size() >= 3 && (diagnostic[0] == '4' || diagnostic[0] == '5') &&
                       parse_number(diagnostic.substr(0, 3)).has_value() &&
                       (diagnostic.size() == 3 || diagnostic[3] == ' ' || diagnostic[3] == '-');
  return is_smtp ? "smtp" : "x-relay";
}

std::string status_part(const DeliveryReport& report, bool global) {
  std::string out;
  if (const auto id = from_xtext(report.envelope_id); id && !id->empty())
    field(out, "Original-Envelope-Id", one_line(*id, kAddressBytes, false));
  field(out, "Reporting-MTA", "dns; " + one_line(report.reporting_mta, kAddressBytes, global));
  field(out, "Arrival-Date", to_rfc5322(report.arrived));
  for (const ReportedRecipient& recipient : report.recipients) {
    out += "\r\n";
    if (!recipient.original.empty())
      field(out, "Original-Recipient",
            one_line(to_original_recipient_field(recipient.original, global), kOriginalBytes,
                     global));
    const bool utf8_address = global && !is_ascii(recipient.address);
    field(out, "Final-Recipient",
          (utf8_address ? "utf-8; " : "rfc822; ") +
              one_line(recipient.address, kAddressBytes, utf8_address));
    field(out, "Action", words_of(report.action).action);
    field(out, "Status", recipient.status);
    if (!recipient.diagnostic.empty())
      field(out, "Diagnostic-Code",
            std::string(diagnostic_type(recipient.diagnostic)) + "; " +
                one_line(recipient.diagnostic, kDiagnosticBytes, global));
    if (report.action == Action::delayed && recipient.retry_until)
      field(out, "Will-Retry-Until", to_rfc5322(*recipient.retry_until));
  }
  return out;
}

// The original's header without its empty line, cut at a field's end when it is very long.
std::string_view cut_header(std::string_view header_block) {
  if (header_block.starts_with("\r\n")) return {};
  const auto end = header_block.find("\r\n\r\n");
  if (end != std::string_view::npos) header_block = header_block.substr(0, end + 2);
  if (header_block.size() <= kHeaderBlockBytes) return header_block;
  for (auto at = header_block.rfind("\r\n", kHeaderBlockBytes - 2);
       at != std::string_view::npos && at > 0; at = header_block.rfind("\r\n", at - 1))
    if (header_block[at + 2] != ' ' && header_block[at + 2] != '\t')
      return header_block.substr(0, at + 2);
  return {};
}

// Nothing that could begin another field: of control characters only tabs and folds.
bool is_one_field(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (value.substr(i, 2) == "\r\n")
      ++i;
    else if (c == 127 || (c < ' ' && c != '\t'))
      return false;
  }
  return true;
}

// The original's subject as it stands, folds and encoded words included; empty: none that fits.
std::string_view subject_of(std::string_view header, bool utf8) {
  while (!header.empty()) {
    const auto field = take_field(header);
    if (!field) break;
    if (!iequals(field->name, "Subject")) continue;
    const auto value = trim(field->value);
    if (value.size() <= kSubjectBytes && is_one_field(value) && (utf8 || is_ascii(value)))
      return value;
    break;
  }
  return {};
}

bool fits_a_header(std::string_view text, bool utf8) {
  return !text.empty() && text.size() < 900 && (utf8 || is_ascii(text)) &&
         std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c <= ' ' || c == 127; });
}

std::string header_of(const DeliveryReport& report, const RenderedReport& rendered,
                      std::string_view boundary, std::string_view subject) {
  std::string out;
  out += "From: Mail Delivery <mailer-daemon@" + report.domain + ">\r\n";
  out += "To: <" + report.sender + ">\r\n";
  out.append("Subject: ").append(words_of(report.action).subject);
  if (!subject.empty()) out.append(": ").append(subject);
  out += "\r\nDate: " + to_rfc5322(report.now) + "\r\n";
  out += "Message-ID: " + rendered.message_id + "\r\n";
  if (fits_a_header(report.original_id, rendered.smtputf8)) {
    out += "In-Reply-To: " + report.original_id + "\r\n";
    out += "References: " + report.original_id + "\r\n";
  }
  out += "Auto-Submitted: auto-replied\r\n";
  out += "MIME-Version: 1.0\r\n";
  out += "Content-Type: multipart/report; report-type=";
  out += rendered.smtputf8 ? "global-delivery-status" : "delivery-status";
  out.append(";\r\n boundary=\"").append(boundary).append("\"\r\n");
  if (rendered.eight_bit_mime) out += "Content-Transfer-Encoding: 8bit\r\n";
  return out + "\r\n";
}

struct Part {
  std::string_view type;
  std::string_view bytes;
};

std::string body_of(const std::array<Part, 3>& parts, std::string_view boundary) {
  std::string out;
  for (const Part& part : parts) {
    out.append("--").append(boundary).append("\r\nContent-Type: ").append(part.type);
    if (!is_ascii(part.bytes)) out += "\r\nContent-Transfer-Encoding: 8bit";
    out.append("\r\n\r\n").append(part.bytes).append("\r\n");
  }
  return out.append("--").append(boundary).append("--\r\n");
}

std::string_view type_of_original(bool is_whole, bool global) {
  if (is_whole) return global ? "message/global" : "message/rfc822";
  return global ? "message/global-headers" : "text/rfc822-headers";
}

}  // namespace

std::string to_string(Action action) {
  return std::string(words_of(action).action);
}

RenderedReport render(const DeliveryReport& report) {
  const std::string_view header = cut_header(report.header_block);
  const bool is_whole = !report.content.empty();
  const std::string_view returned = is_whole ? report.content : header;
  const bool needs_utf8 =
      !is_ascii(report.sender) || !is_ascii(header) ||
      std::any_of(report.recipients.begin(), report.recipients.end(),
                  [](const ReportedRecipient& recipient) { return !is_ascii(recipient.address); });
  const bool global = report.smtputf8 && needs_utf8;

  RenderedReport rendered;
  rendered.smtputf8 = global;
  rendered.message_id = "<" + report.id + "@" + report.domain + ">";
  // No prefix of ours: a common one would tie one product's mail to another's.
  std::string boundary = report.id;
  while (returned.find(boundary) != std::string_view::npos) boundary += "=";

  const std::string human = human_part(report, global);
  const std::string status = status_part(report, global);
  const std::string body =
      body_of({{{global ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii", human},
                {global ? "message/global-delivery-status" : "message/delivery-status", status},
                {type_of_original(is_whole, global), returned}}},
              boundary);
  rendered.eight_bit_mime = !is_ascii(body);
  rendered.bytes = header_of(report, rendered, boundary, subject_of(header, global));
  rendered.header_bytes = rendered.bytes.size();
  rendered.bytes += body;
  return rendered;
}

}  // namespace postern::mail
