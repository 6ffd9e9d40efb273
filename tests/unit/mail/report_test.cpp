#include "mail/report.hpp"

#include <gtest/gtest.h>

#include "core/text.hpp"

namespace postern::mail {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHeader =
    "From: Anna <anna@product-a.com>\r\n"
    "To: bob@example.net\r\n"
    "Subject: Your order\r\n"
    "Message-ID: <1@product-a.com>\r\n"
    "\r\n";

DeliveryReport report(std::vector<ReportedRecipient> recipients) {
  DeliveryReport report;
  report.sender = "anna@product-a.com";
  report.domain = "product-a.com";
  report.reporting_mta = "mail.product-a.com";
  report.id = "0123456789ABCDEF";
  report.now = Time{1'795'252'387'123ms};
  report.arrived = Time{1'795'252'380'000ms};
  report.original_id = "<1@product-a.com>";
  report.header_block = kHeader;
  report.recipients = std::move(recipients);
  return report;
}

ReportedRecipient recipient(std::string status, std::string diagnostic) {
  return {.address = "bob@example.net",
          .original = {},
          .status = std::move(status),
          .diagnostic = std::move(diagnostic),
          .expired = false,
          .attempted = true};
}

std::string bytes_of(ReportedRecipient one) {
  return render(report({std::move(one)})).bytes;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Line feeds for reading; the report has CRLF everywhere (LinesAreShortAndEndInCrlf).
std::string readable(std::string bytes) {
  std::erase(bytes, '\r');
  return bytes;
}

TEST(Report, TellsThePersonAndTheProgram) {
  EXPECT_EQ(readable(bytes_of(recipient("5.1.1", "550 5.1.1 <bob@example.net>: no such user"))),
            R"(From: Mail Delivery <mailer-daemon@product-a.com>
To: <anna@product-a.com>
Subject: Not delivered: Your order
Date: Sat, 21 Nov 2026 09:13:07 +0000
Message-ID: <0123456789ABCDEF@product-a.com>
In-Reply-To: <1@product-a.com>
References: <1@product-a.com>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="0123456789ABCDEF"

--0123456789ABCDEF
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered to the recipient below. It will not be
tried again.

bob@example.net
    The address was refused.
    Check the address, and send the message again to the right one.
    The answer was:
      550 5.1.1 <bob@example.net>: no such user

This report was made automatically. The header of your message is attached.


--0123456789ABCDEF
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.product-a.com
Arrival-Date: Sat, 21 Nov 2026 09:13:00 +0000

Final-Recipient: rfc822; bob@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <bob@example.net>: no such user

--0123456789ABCDEF
Content-Type: text/rfc822-headers

From: Anna <anna@product-a.com>
To: bob@example.net
Subject: Your order
Message-ID: <1@product-a.com>

--0123456789ABCDEF--
)");
}

TEST(Report, SaysWhereItsHeaderEnds) {
  const auto rendered = render(report({recipient("5.1.1", "")}));
  EXPECT_EQ(rendered.bytes.substr(rendered.header_bytes, 20), "--0123456789ABCDEF\r\n");
  EXPECT_EQ(rendered.bytes.substr(rendered.header_bytes - 4, 4), "\r\n\r\n");
  EXPECT_EQ(rendered.message_id, "<0123456789ABCDEF@product-a.com>");
  EXPECT_FALSE(rendered.smtputf8);
  EXPECT_FALSE(rendered.eight_bit_mime);
}

struct Wording {
  const char* status;
  const char* what;
};

TEST(Report, ExplainsEachKindOfRefusal) {
  for (const auto& [status, what] : std::initializer_list<Wording>{
           {"5.1.1", "The address was refused."},
           {"5.1.10", "The address was refused."},
           {"5.2.2", "The mailbox is full."},
           {"5.2.3", "The message is larger than the mailbox accepts."},
           {"5.2.1", "The mailbox does not accept mail."},
           {"5.3.4", "The message is larger than the recipient's mail service accepts."},
           {"5.4.4", "The recipient's domain cannot receive mail."},
           {"5.6.0", "The recipient's mail service does not accept this kind of content."},
           {"5.7.1", "The recipient's mail service refused the message by its own rules."},
           {"5.0.0", "The message was refused."},
           {"5.3.0", "The message was refused."}})
    EXPECT_TRUE(has(bytes_of(recipient(status, "")), what)) << status;
}

TEST(Report, ExplainsThatTimeRanOut) {
  auto late = recipient("4.4.7", "421 4.7.0 try later");
  late.expired = true;
  EXPECT_TRUE(has(bytes_of(late), "It could not be delivered in the time allowed; every attempt"));
  late.attempted = false;
  EXPECT_TRUE(has(bytes_of(late), "No mail service could be used for it in the time allowed."));
}

TEST(Report, NamesEachRecipientWithItsOwnFields) {
  auto second = recipient("5.2.2", "552 5.2.2 full");
  second.address = "carl@example.net";
  auto failure = report({recipient("5.1.1", "550 5.1.1 unknown"), second});
  failure.unlisted = 3;
  const auto bytes = render(failure).bytes;
  EXPECT_TRUE(has(bytes, "to the recipients below."));
  EXPECT_TRUE(has(bytes, "There are 3 more recipients"));
  EXPECT_TRUE(has(bytes,
                  "Diagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n"
                  "Final-Recipient: rfc822; carl@example.net\r\nAction: failed\r\n"
                  "Status: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 full\r\n"));
}

TEST(Report, GivesAnswersThatAreNotSmtpATypeOfTheirOwn) {
  EXPECT_TRUE(has(bytes_of(recipient("5.0.0", "HTTP 400: 'to' is not a valid address")),
                  "Diagnostic-Code: x-relay; HTTP 400: 'to' is not a valid address\r\n"));
  EXPECT_TRUE(has(bytes_of(recipient("5.0.0", "5501 odd")), "x-relay; 5501 odd"));
  EXPECT_TRUE(has(bytes_of(recipient("5.0.0", "550-first 550 second")), "smtp; 550-first"));
  EXPECT_FALSE(has(bytes_of(recipient("5.0.0", "")), "Diagnostic-Code"));
  EXPECT_FALSE(has(bytes_of(recipient("5.0.0", "")), "The answer was"));
}

TEST(Report, LetsNoAnswerForgeAFieldOrAPart) {
  const auto bytes = bytes_of(recipient(
      "5.1.1", "550 x\r\nAction: delivered\r\n--0123456789ABCDEF--\r\n\x1b[2J gr\xC3\xBC\xFF"));
  EXPECT_FALSE(has(bytes, "\r\nAction: delivered"));
  EXPECT_TRUE(has(bytes, "x\\x0d\\x0aAction:"));
  EXPECT_TRUE(has(bytes, "\\x1b[2J gr\\xc3\\xbc\\xff"));
  EXPECT_EQ(bytes.find("\r\n--0123456789ABCDEF--"), bytes.size() - 24);
}

TEST(Report, ChoosesABoundaryThatTheHeaderDoesNotHold) {
  auto failure = report({recipient("5.1.1", "")});
  failure.header_block = "X-A: 1\r\n--0123456789ABCDEF--\r\n\r\n";
  EXPECT_TRUE(has(render(failure).bytes, "boundary=\"0123456789ABCDEF=\"\r\n"));
}

TEST(Report, KeepsTheSubjectAsItStandsOrLeavesItOut) {
  const auto subject = [](std::string_view header) {
    auto failure = report({recipient("5.1.1", "")});
    failure.header_block = header;
    const auto bytes = render(failure).bytes;
    const auto begin = bytes.find("Subject:");
    return bytes.substr(begin, bytes.find("\r\nDate:") - begin);
  };
  EXPECT_EQ(subject("subject:=?utf-8?q?=C3=BC?=\r\n =?utf-8?q?x?=\r\nTo: b\r\n\r\n"),
            "Subject: Not delivered: =?utf-8?q?=C3=BC?=\r\n =?utf-8?q?x?=");
  EXPECT_EQ(subject("To: b\r\n\r\n"), "Subject: Not delivered");
  EXPECT_EQ(subject("Subject: gr\xFC\xDF\r\n\r\n"), "Subject: Not delivered");
  EXPECT_EQ(subject("Subject: a\nBcc: x@y\r\n\r\n"), "Subject: Not delivered: a");
  EXPECT_EQ(subject("Subject: a\rBcc: x@y\r\n\r\n"), "Subject: Not delivered");
  EXPECT_EQ(subject("Subject: " + std::string(500, 'x') + "\r\n\r\n"), "Subject: Not delivered");
  EXPECT_EQ(subject(""), "Subject: Not delivered");
}

TEST(Report, RefersToNoMessageIdThatCannotStandInAHeader) {
  for (const std::string id : {"", "<a b@c>", "<a\r\nBcc: x@y>", "<gr\xC3\xBC@c>"}) {
    auto failure = report({recipient("5.1.1", "")});
    failure.original_id = id;
    EXPECT_FALSE(has(render(failure).bytes, "In-Reply-To")) << id;
  }
}

TEST(Report, CarriesAnEightBitHeaderAsItIs) {
  auto failure = report({recipient("5.1.1", "")});
  failure.header_block = "X-Name: gr\xFC\xDF\r\n\r\n";
  const auto rendered = render(failure);
  EXPECT_TRUE(rendered.eight_bit_mime);
  EXPECT_FALSE(rendered.smtputf8);
  EXPECT_TRUE(has(rendered.bytes,
                  "boundary=\"0123456789ABCDEF\"\r\n"
                  "Content-Transfer-Encoding: 8bit\r\n\r\n"));
  EXPECT_TRUE(has(rendered.bytes,
                  "Content-Type: text/rfc822-headers\r\n"
                  "Content-Transfer-Encoding: 8bit\r\n\r\nX-Name: gr\xFC\xDF\r\n"));
}

TEST(Report, SpeaksUtf8ToASenderWhoDoes) {
  auto abroad = recipient("5.1.1", "550 5.1.1 \xE7\x94\xA8\xE6\x88\xB7 unknown");
  abroad.address = "\xE7\x94\xA8\xE6\x88\xB7@example.net";
  auto failure = report({abroad, recipient("5.1.1", "")});
  failure.smtputf8 = true;
  const auto rendered = render(failure);
  EXPECT_TRUE(rendered.smtputf8);
  EXPECT_TRUE(rendered.eight_bit_mime);
  for (const char* part :
       {"report-type=global-delivery-status;", "Content-Type: message/global-delivery-status\r\n",
        "Content-Type: message/global-headers\r\n", "Content-Type: text/plain; charset=utf-8\r\n",
        "Final-Recipient: utf-8; \xE7\x94\xA8\xE6\x88\xB7@example.net\r\n",
        "Final-Recipient: rfc822; bob@example.net\r\n",
        "Diagnostic-Code: smtp; 550 5.1.1 \xE7\x94\xA8\xE6\x88\xB7 unknown\r\n"})
    EXPECT_TRUE(has(rendered.bytes, part)) << part;
}

TEST(Report, StaysWithAsciiWhereNothingNeedsUtf8) {
  auto failure = report({recipient("5.1.1", "")});
  failure.smtputf8 = true;
  EXPECT_FALSE(render(failure).smtputf8);
  EXPECT_TRUE(has(render(failure).bytes, "report-type=delivery-status"));
}

// The bounds of one chunk (Content::kChunkBytes), with everything as long as it may be.
TEST(Report, LinesAreShortAndEndInCrlf) {
  std::string header;
  for (int i = 0; i < 3000; ++i) header += "X-Field: " + std::string(30, 'x') + "\r\n folded\r\n";
  auto longest = recipient("5.1.1", std::string(3000, '\xFF'));
  longest.address = std::string(64, 'l') + "@" + std::string(190, 'd');
  auto failure = report(std::vector<ReportedRecipient>(100, longest));
  failure.header_block = header;
  const auto bytes = render(failure).bytes;
  EXPECT_LE(bytes.size(), 256u * 1024);
  EXPECT_TRUE(has(bytes, " folded\r\n\r\n--0123456789ABCDEF--\r\n"));
  for (std::string_view line : split(bytes, '\n')) {
    EXPECT_LE(line.size(), 998u);
    EXPECT_TRUE(line.empty() || line.back() == '\r');
  }
}

}  // namespace
}  // namespace postern::mail
