#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/queue_commands.hpp"
#include "cli/transport_commands.hpp"
#include "tests/unit/cli/fake_api.hpp"

namespace postern::cli::testing {
namespace {

class CommandsTest : public ::testing::Test {
 protected:
  FakeApi api_;
  std::ostringstream out_;
  std::ostringstream err_;
};

using Asked = std::vector<std::string>;

TEST_F(CommandsTest, MailqReadsPageAfterPage) {
  api_.will_answer(R"({"messages":[{"id":"A","size":1024}],"next":"A"})");
  api_.will_answer(R"({"messages":[{"id":"B","size":1024}],"next":null})");
  EXPECT_EQ(mailq(api_, {{"state", "held"}}, false, out_), kDone);
  EXPECT_EQ(api_.asked, (Asked{"GET messages state=held limit=500",
                               "GET messages state=held limit=500 cursor=A"}));
  EXPECT_TRUE(out_.str().ends_with("\n-- 2 Kbytes in 2 Requests.\n")) << out_.str();
}

TEST_F(CommandsTest, MailqPrintsOneArray) {
  api_.will_answer(R"({"messages":[{"id":"A"},{"id":"B"}],"next":"B"})");
  api_.will_answer(R"({"messages":[{"id":"C"}],"next":null})");
  mailq(api_, {}, true, out_);
  EXPECT_EQ(Json::parse(out_.str()), Json::parse(R"([{"id":"A"},{"id":"B"},{"id":"C"}])"));
}

TEST_F(CommandsTest, MailqPrintsAnEmptyArray) {
  api_.will_answer(R"({"messages":[],"next":null})");
  mailq(api_, {}, true, out_);
  EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(CommandsTest, RefusesAnAnswerThatIsNoJson) {
  api_.will_answer("<html>");
  EXPECT_THROW(mailq(api_, {}, false, out_), Failure);
}

TEST_F(CommandsTest, ShowAndBodyAskForOneMessage) {
  api_.will_answer("{\"id\":\"X\"}\n");
  api_.will_answer("Subject: x\r\n\r\n\x1b raw\r\n");
  EXPECT_EQ(show(api_, "X", true, out_), kDone);
  EXPECT_EQ(body(api_, "X", false, out_), kDone);
  EXPECT_EQ(out_.str(), "{\"id\":\"X\"}\nSubject: x\r\n\r\n\x1b raw\r\n")
      << "a body is passed byte for byte";
  EXPECT_EQ(api_.asked, (Asked{"GET messages/X", "GET messages/X/body"}));
}

TEST_F(CommandsTest, BodyIsJsonWhenAskedFor) {
  api_.will_answer("Subject: caf\xC3\xA9\r\n\r\n");
  api_.will_answer("Subject: caf\xE9\r\n\r\n");
  body(api_, "X", true, out_);
  EXPECT_EQ(Json::parse(out_.str()), Json({{"id", "X"},
                                           {"size", 18},
                                           {"encoding", "utf-8"},
                                           {"body", "Subject: caf\xC3\xA9\r\n\r\n"}}));
  out_.str("");
  body(api_, "X", true, out_);
  EXPECT_EQ(Json::parse(out_.str()), Json({{"id", "X"},
                                           {"size", 17},
                                           {"encoding", "base64"},
                                           {"body", "U3ViamVjdDogY2Fm6Q0KDQo="}}));
}

TEST_F(CommandsTest, VerbsPrintHowMany) {
  api_.will_answer(R"({"changed":1,"possible_duplicates":0})");
  api_.will_answer(R"({"changed":2,"possible_duplicates":1})");
  EXPECT_EQ(steer(api_, {"retry", {"X", "Y"}, {}, "", false}, out_, err_), kDone);
  EXPECT_EQ(api_.asked, (Asked{"POST messages/X/retry", "POST messages/Y/retry"}));
  EXPECT_EQ(out_.str(), "3 deliveries will be tried again now (1 possible duplicate).\n");
}

TEST_F(CommandsTest, VerbsTakeAFilter) {
  api_.will_answer(R"({"changed":100000,"possible_duplicates":0})");
  steer(api_, {"hold", {}, {{"sender-domain", "shop.example"}}, "legal", false}, out_, err_);
  EXPECT_EQ(api_.asked, (Asked{"POST messages/hold sender-domain=shop.example reason=legal"}));
  EXPECT_EQ(out_.str(), "100000 deliveries held.\n");
}

TEST_F(CommandsTest, VerbsGoOnAfterAnUnknownId) {
  api_.will_fail(kFailed, "no such message id: X");
  api_.will_answer(R"({"changed":1,"possible_duplicates":0})");
  EXPECT_EQ(steer(api_, {"delete", {"X", "Y"}, {}, "", false}, out_, err_), kFailed);
  EXPECT_EQ(out_.str(), "1 delivery cancelled.\n");
  EXPECT_EQ(err_.str(), "postern: no such message id: X\n");
}

TEST_F(CommandsTest, VerbsStopWhenTheDaemonIsGone) {
  api_.will_fail(kNoDaemon, "No daemon answers");
  EXPECT_THROW(steer(api_, {"delete", {"X", "Y"}, {}, "", false}, out_, err_), Failure);
  EXPECT_EQ(api_.asked.size(), 1U);
}

TEST_F(CommandsTest, VerbsPrintJson) {
  api_.will_answer(R"({"changed":1,"possible_duplicates":0})");
  steer(api_, {"release", {"X"}, {}, "", true}, out_, err_);
  EXPECT_EQ(out_.str(), "{\"verb\":\"release\",\"changed\":1,\"possible_duplicates\":0}\n");
}

TEST_F(CommandsTest, SuspendAndResumeNameTransportAndDomain) {
  for (int i = 0; i < 2; ++i) api_.will_answer("{}\n");
  suspend(api_, {"mailgun/shop.example", "2h", "key rotation", false}, out_);
  resume(api_, "mailgun", false, out_);
  EXPECT_EQ(api_.asked,
            (Asked{"POST transports/mailgun/shop.example/suspend for=2h reason=key rotation",
                   "POST transports/mailgun/resume"}));
  EXPECT_EQ(out_.str(), "mailgun/shop.example is suspended.\nmailgun may be used again.\n");
  for (const char* target : {"", "/", "a/", "/b", "a/b/c"})
    EXPECT_THROW(resume(api_, target, false, out_), Failure);
}

TEST_F(CommandsTest, ClassifyAsksTheDaemonFirst) {
  const Rules rules = [](const std::string& type, const std::string& text,
                         int status) -> Result<std::string> {
    if (type != "mailgun") return Error{"there are no rules for pigeon"};
    return "{\"rule\":\"" + text + std::to_string(status) + "\"}";
  };
  api_.will_answer("{\"rule\":\"daemon\"}\n");
  classify(api_, rules, {"main", "busy", 429, true}, out_);
  EXPECT_EQ(api_.asked.back(), "GET classify transport=main text=busy status=429");
  api_.will_fail(kNoDaemon, "none");
  classify(api_, rules, {"mailgun", "busy", 0, true}, out_);
  EXPECT_EQ(out_.str(), "{\"rule\":\"daemon\"}\n{\"rule\":\"busy0\"}\n");
  api_.will_fail(kNoDaemon, "none");
  EXPECT_THROW(classify(api_, rules, {"pigeon", "busy", 0, true}, out_), Failure);
}

}  // namespace
}  // namespace postern::cli::testing
