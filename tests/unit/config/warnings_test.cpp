// What a configuration may say, and hardly means.
#include <gmock/gmock.h>

#include "expect_mistakes.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kMailgun = "[[transport]]\nname=\"mailgun\"\ntype=\"mailgun\"\napi_key=\"k\"\n";
const std::string kSmtp = "[[transport]]\nname=\"backup\"\ntype=\"smtp\"\nhost=\"mx.example\"\n";

std::vector<std::string> warnings_of(const std::string& toml) {
  std::vector<std::string> lines;
  for (const Mistake& warning : config_of(toml).warnings) lines.push_back(warning.to_string());
  return lines;
}

TEST(Warnings, DefaultsOfSmtpTakeWhatTheDefaultListenerAccepts) {
  EXPECT_EQ(config_of(kSmtp).transports.front().max_message_bytes, 36 * kMiB);
  EXPECT_EQ(config_of(kMailgun).transports.front().max_message_bytes, 25 * kMiB);
  EXPECT_EQ(config_of(kMailgun + "max_message=\"30MiB\"").transports.front().max_message_bytes,
            30 * kMiB);
  EXPECT_THAT(warnings_of(kMailgun + kSmtp), IsEmpty());
}

TEST(Warnings, NameARouteThatCannotTakeWhatIsAccepted) {
  EXPECT_THAT(
      warnings_of("[[listener]]\nbind=\"127.0.0.1:1\"\nmax_message=\"30MiB\"\n" + kMailgun + kSmtp +
                  "[[domain]]\nname=\"a.example\"\ntransports=[\"mailgun\"]\n"),
      ElementsAre("p.toml:3:13: max_message: mail of up to 30MiB is accepted, but no "
                  "transport of \"a.example\" takes more than 25MiB; what is larger fails with a "
                  "report"));
  EXPECT_THAT(warnings_of(kMailgun),
              ElementsAre("p.toml:1:1: max_message: mail of up to 36MiB is accepted, but "
                          "no transport of any domain takes more than 25MiB; what is larger fails "
                          "with a report"));
  EXPECT_THAT(warnings_of("[[listener]]\nmax_message=\"25MiB\"\n" + kMailgun), IsEmpty());
}

}  // namespace
}  // namespace postern::config
