// The ESMTP parameters, value by value: what is taken as what, and what is no value at all.
#include "mail/parameters.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace postern::mail {
namespace {

using namespace std::chrono_literals;

MailParameters mail(const std::string& text) {
  MailParameters parameters;
  const auto fault = parse_parameters(text, parameters);
  EXPECT_FALSE(fault) << text;
  return parameters;
}

std::optional<CommandFault> mail_fault(const std::string& text) {
  MailParameters parameters;
  return parse_parameters(text, parameters);
}

RcptParameters rcpt(const std::string& text, bool smtputf8 = false) {
  RcptParameters parameters;
  const auto fault = parse_parameters(text, smtputf8, parameters);
  EXPECT_FALSE(fault) << text;
  return parameters;
}

std::optional<CommandFault> rcpt_fault(const std::string& text, bool smtputf8 = false) {
  RcptParameters parameters;
  return parse_parameters(text, smtputf8, parameters);
}

TEST(MailParameters, RetIsOneOfTwoWords) {
  EXPECT_EQ(mail("RET=FULL").ret, Options::Return::full);
  EXPECT_EQ(mail("ret=hdrs").ret, Options::Return::headers);
  for (const std::string value : {"RET", "RET=", "RET=HEADERS", "RET=FULL,HDRS"})
    EXPECT_EQ(mail_fault(value), CommandFault::value) << value;
}

TEST(MailParameters, EnvidIsXtextOfVisibleCharacters) {
  EXPECT_EQ(mail("ENVID=QQ314159").envelope_id, "QQ314159");
  EXPECT_EQ(mail("ENVID=a+20b+2B+3D").envelope_id, "a+20b+2B+3D");
  EXPECT_EQ(mail("ENVID=" + std::string(100, 'x')).envelope_id.size(), 100u);
  for (const std::string& value :
       {std::string("ENVID"), std::string("ENVID="), std::string("ENVID=a=b"),
        std::string("ENVID=a+2"), std::string("ENVID=a+2b"), std::string("ENVID=a+"),
        std::string("ENVID=a+GG"), std::string("ENVID=a+0D+0A"), std::string("ENVID=a+00"),
        std::string("ENVID=a+C3+A9"), std::string("ENVID=\xC3\xA9"),
        "ENVID=" + std::string(101, 'x')})
    EXPECT_EQ(mail_fault(value), CommandFault::value) << value;
}

TEST(MailParameters, PriorityIsOneDigitWithASign) {
  EXPECT_EQ(mail("MT-PRIORITY=9").priority, 9);
  EXPECT_EQ(mail("MT-PRIORITY=0").priority, 0);
  EXPECT_EQ(mail("mt-priority=-9").priority, -9);
  for (const std::string value : {"", "-", "10", "+1", "--1", "-10", "a"})
    EXPECT_EQ(mail_fault("MT-PRIORITY=" + value), CommandFault::value) << value;
}

TEST(MailParameters, ByIsATimeAModeAndPerhapsATrace) {
  const auto by = [](const std::string& value) { return *mail("BY=" + value).deliver_within; };
  EXPECT_EQ(by("120;R").within, 120s);
  EXPECT_TRUE(by("120;R").or_return);
  EXPECT_FALSE(by("120;R").trace);
  EXPECT_TRUE(by("+1;rt").trace);
  EXPECT_EQ(by("-60;N").within, -60s);
  EXPECT_FALSE(by("0;NT").or_return);
  EXPECT_EQ(by("999999999;R").within, 999'999'999s);
  for (const std::string value : {"", "120", "120;", ";R", "120;X", "120;RX", "120;RTT", "0;R",
                                  "-1;R", "1000000000;R", "+;N", "+-1;N", "1.5;N", "120,R"})
    EXPECT_EQ(mail_fault("BY=" + value), CommandFault::value) << value;
}

TEST(MailParameters, AHoldIsAnIntervalOrATime) {
  EXPECT_EQ(mail("HOLDFOR=86400").hold_for, 86'400s);
  EXPECT_EQ(mail("HOLDUNTIL=2026-11-21T09:13:07Z").hold_until, Time{1'795'252'387'000ms});
  EXPECT_EQ(mail("HOLDUNTIL=2026-11-21T10:13:07+01:00").hold_until, Time{1'795'252'387'000ms});
  for (const std::string value :
       {"HOLDFOR", "HOLDFOR=", "HOLDFOR=0", "HOLDFOR=-1", "HOLDFOR=1000000000", "HOLDFOR=1h",
        "HOLDUNTIL=", "HOLDUNTIL=tomorrow", "HOLDUNTIL=2026-11-21", "HOLDUNTIL=2026-11-21T09:13:07",
        "HOLDUNTIL=2026-02-30T00:00:00Z", "HOLDFOR=1 HOLDUNTIL=2026-11-21T09:13:07Z",
        "HOLDUNTIL=2026-11-21T09:13:07Z HOLDFOR=1"})
    EXPECT_EQ(mail_fault(value), CommandFault::value) << value;
}

TEST(MailParameters, NothingStandsTwice) {
  for (const std::string value :
       {"RET=FULL RET=FULL", "ENVID=a ENVID=a", "REQUIRETLS requiretls",
        "MT-PRIORITY=1 MT-PRIORITY=1", "BY=1;R BY=1;R", "HOLDFOR=1 HOLDFOR=1"})
    EXPECT_EQ(mail_fault(value), CommandFault::repeated) << value;
}

TEST(MailParameters, ThoseOfRcptAreUnknown) {
  for (const std::string value : {"NOTIFY=NEVER", "ORCPT=rfc822;a@b"})
    EXPECT_EQ(mail_fault(value), CommandFault::parameter) << value;
}

TEST(RcptParameters, NotifyIsNeverOrAList) {
  const auto notify = [](const std::string& value) { return *rcpt("NOTIFY=" + value).notify; };
  EXPECT_TRUE(notify("NEVER").is_never());
  EXPECT_EQ(notify("success"), (Notify{.success = true}));
  EXPECT_EQ(notify("FAILURE,DELAY"), (Notify{.failure = true, .delay = true}));
  EXPECT_EQ(notify("DELAY,SUCCESS,FAILURE"),
            (Notify{.success = true, .failure = true, .delay = true}));
  EXPECT_EQ(rcpt("").notify, std::nullopt);
  for (const std::string value : {"", "ALWAYS", "NEVER,FAILURE", "FAILURE,NEVER", "FAILURE,",
                                  ",FAILURE", "FAILURE,,DELAY", "FAILURE;DELAY", "SUCCESSFULLY"})
    EXPECT_EQ(rcpt_fault("NOTIFY=" + value), CommandFault::value) << value;
  EXPECT_EQ(rcpt_fault("NOTIFY=NEVER NOTIFY=NEVER"), CommandFault::repeated);
}

TEST(RcptParameters, OrcptIsATypeAndAnAddressInXtext) {
  for (const std::string value : {"rfc822;bob@example.org", "rfc822;Bob+20+22B+22@example.org",
                                  "x400;/C+3Dgb/", "RFC822;a", "utf-8;a@example.org"})
    EXPECT_EQ(rcpt("ORCPT=" + value).original_recipient, value);
  for (const std::string& value :
       {std::string(), std::string("bob@example.org"), std::string(";bob@example.org"),
        std::string("rfc822;"), std::string("rfc 822;a"), std::string("rfc822;a=b"),
        std::string("rfc822;a+2"), std::string("rfc822;a+0D+0A"), std::string("rfc822;a+C3+A9"),
        std::string("rfc822;\xC3\xA9@example.org"), std::string("(x);a"),
        "rfc822;" + std::string(494, 'a')})
    EXPECT_EQ(rcpt_fault("ORCPT=" + value, true), CommandFault::value) << value;
  EXPECT_FALSE(rcpt_fault("ORCPT=rfc822;" + std::string(493, 'a')));
  EXPECT_EQ(rcpt_fault("ORCPT=rfc822;a ORCPT=rfc822;a"), CommandFault::repeated);
}

// RFC 6533 section 3.
TEST(RcptParameters, OrcptOfUtf8HasTwoForms) {
  EXPECT_FALSE(rcpt_fault("ORCPT=utf-8;\\x{E9}l@example.org"));
  EXPECT_FALSE(rcpt_fault("ORCPT=UTF-8;a+2Bb\\x{10FFFF}@example.org"));
  EXPECT_FALSE(rcpt_fault("ORCPT=utf-8;\xC3\xA9l@example.org", true));
  EXPECT_EQ(rcpt_fault("ORCPT=utf-8;\xC3\xA9l@example.org"), CommandFault::value)
      << "UTF-8 needs SMTPUTF8";
  for (const std::string value : {"\\x{41}b", "\\x{D800}", "\\x{110000}", "\\x{}", "\\x{E9", "\\y",
                                  "\\x{e9}", "\xC3", "a\x7F", "a=b", "+FF"})
    EXPECT_EQ(rcpt_fault("ORCPT=utf-8;" + value, true), CommandFault::value) << value;
}

}  // namespace
}  // namespace postern::mail
