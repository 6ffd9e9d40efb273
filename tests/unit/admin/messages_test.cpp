#include "admin/messages.hpp"

#include "tests/unit/admin/api_fixture.hpp"

namespace postern::admin::testing {
namespace {

const std::string kId = to_id(number(5));

class MessagesTest : public ApiTest {
 protected:
  MessagesTest() { reader_.stored = {message(5, {"a@x.example", "b@y.example"})}; }
};

TEST_F(MessagesTest, ShapesAMessage) {
  Delivery& sent = reader_.stored[0].deliveries[1];
  sent.state = DeliveryState::sent;
  sent.transport = "mailgun";
  sent.possible_duplicates = 1;
  sent.provider_id = "<p@mg>";
  const auto list = json(get("/api/v1/messages"));
  EXPECT_EQ(list["next"], nullptr);
  const auto expected = nlohmann::json::parse(R"({
    "id": ")" + kId + R"(", "channel": "mail", "sender": "agent@shop.example", "size": 1234,
    "message_id": "<1@shop.example>", "identity": null, "accepted_at": "2026-11-21T09:08:07.123Z",
    "priority": 0, "deliveries": [
      {"recipient": "a@x.example", "state": "deferred", "transport": null, "attempts": 0,
       "next_attempt_at": "2026-11-21T09:13:37.123Z", "expires_at": "2026-11-24T09:08:07.123Z",
       "reason": null, "provider_id": null, "possible_duplicate": false},
      {"recipient": "b@y.example", "state": "sent", "transport": "mailgun", "attempts": 0,
       "next_attempt_at": null, "expires_at": "2026-11-24T09:08:07.123Z",
       "reason": null, "provider_id": "<p@mg>", "possible_duplicate": true}]})");
  EXPECT_EQ(list["messages"][0], expected);
}

TEST_F(MessagesTest, ShowsAttemptsAndEvents) {
  const queue::AttemptRow done{1,     1,          "mailgun",   kNow - 1min,
                               250ms, "deferred", "transport", "421 busy"};
  const queue::AttemptRow open{1, 2, "backup", kNow, std::nullopt, "", "", ""};
  reader_.stored[0].attempts = {done, open};
  reader_.stored[0].events = {{kNow, "operator", "held", "b@y.example", "why"}};
  const auto shown = json(get("/api/v1/messages/" + kId));
  EXPECT_EQ(shown["attempts"][0], nlohmann::json::parse(R"({"number": 1, "recipient": "b@y.example",
    "transport": "mailgun", "started_at": "2026-11-21T09:12:07.123Z", "duration_ms": 250,
    "outcome": "deferred", "blame": "transport", "reply": "421 busy"})"));
  EXPECT_EQ(shown["attempts"][1]["duration_ms"], nullptr);
  EXPECT_EQ(shown["attempts"][1]["outcome"], nullptr);
  EXPECT_EQ(shown["events"][0], nlohmann::json::parse(R"({"at": "2026-11-21T09:13:07.123Z",
    "source": "operator", "type": "held", "recipient": "b@y.example", "detail": "why"})"));
}

TEST_F(MessagesTest, ReplacesWhatIsNotUtf8) {
  reader_.stored[0].deliveries[0].reason = "caf\xE9";
  EXPECT_EQ(json(get("/api/v1/messages/" + kId))["deliveries"][0]["reason"], "caf\xEF\xBF\xBD");
}

TEST_F(MessagesTest, PagesThroughTheQueueInOrder) {
  reader_.stored.clear();
  for (int age = 130; age > 0; --age) reader_.stored.push_back(message(age, {"a@x.example"}));
  std::vector<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = json(get("/api/v1/messages?limit=60" + cursor));
    for (const auto& one : page["messages"]) seen.push_back(one["id"]);
    cursor = page["next"].is_null() ? "" : "&cursor=" + page["next"].get<std::string>();
    ++pages;
  } while (!cursor.empty());
  EXPECT_EQ(pages, 3);
  ASSERT_EQ(seen.size(), 130U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(MessagesTest, EndsAPageEarlyWhenItGrowsLarge) {
  reader_.stored.clear();
  for (int age = 200; age > 0; --age)
    reader_.stored.push_back(message(age, std::vector<std::string>(100, "somebody@x.example")));
  const auto page = json(get("/api/v1/messages?limit=1000"));
  EXPECT_LT(page["messages"].size(), 200U);
  EXPECT_EQ(page["next"], page["messages"].back()["id"]);
}

TEST_F(MessagesTest, PassesTheFilterOn) {
  get("/api/v1/messages?sender-domain=Shop.Example&recipient=a@x.example&recipient-domain=X.example"
      "&transport=mailgun&state=held&older-than=2h&channel=mail");
  EXPECT_EQ(reader_.asked.sender_domain, "shop.example");
  EXPECT_EQ(reader_.asked.recipient, "a@x.example");
  EXPECT_EQ(reader_.asked.recipient_domain, "x.example");
  EXPECT_EQ(reader_.asked.transport, "mailgun");
  EXPECT_EQ(reader_.asked.state, DeliveryState::held);
  EXPECT_EQ(reader_.asked.older_than, kNow - 2h);
  EXPECT_EQ(reader_.asked.channel, Channel::mail);
}

TEST_F(MessagesTest, RefusesParametersItDoesNotKnow) {
  for (const char* query :
       {"limit=0", "limit=1001", "limit=x", "cursor=nonsense", "state=lost", "older-than=soon",
        "channel=pigeon", "sender_domain=x", "sender-domain=", "state=held&state=queued"})
    EXPECT_EQ(get(std::string("/api/v1/messages?") + query).status, 400U) << query;
}

TEST_F(MessagesTest, SteersOneMessage) {
  control_.applied = queue::Applied{2, false, 0, 1};
  struct Row {
    const char* word;
    queue::Steer::Verb verb;
    DeliveryState state;
  };
  for (const Row& row : {Row{"retry", queue::Steer::Verb::retry, DeliveryState::uncertain},
                         Row{"hold", queue::Steer::Verb::hold, DeliveryState::queued},
                         Row{"release", queue::Steer::Verb::release, DeliveryState::held},
                         Row{"delete", queue::Steer::Verb::cancel, DeliveryState::held}}) {
    reader_.stored[0].deliveries[1].state = row.state;
    const auto answer = json(post("/api/v1/messages/" + kId + "/" + row.word));
    EXPECT_EQ(answer["verb"], row.word);
    EXPECT_EQ(answer["changed"], 2);
    EXPECT_EQ(answer["possible_duplicates"], 1);
    EXPECT_EQ(control_.steered.back().verb, row.verb);
    EXPECT_EQ(control_.steered.back().at, kNow);
    EXPECT_EQ(control_.steered.back().filter.messages, std::vector{number(5)});
  }
}

TEST_F(MessagesTest, HoldsForAReason) {
  post("/api/v1/messages/" + kId + "/hold?reason=legal%20review");
  EXPECT_EQ(control_.steered.back().reason, "legal review");
  post("/api/v1/messages/" + kId + "/hold");
  EXPECT_EQ(control_.steered.back().reason, "held by the operator");
}

TEST_F(MessagesTest, SaysWhenAVerbDoesNotFit) {
  const auto refused = post("/api/v1/messages/" + kId + "/release");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(json(refused)["detail"], "release does not fit the state of " + kId + ": deferred.");
  for (Delivery& delivery : reader_.stored[0].deliveries) delivery.state = DeliveryState::sent;
  for (const char* verb : {"retry", "hold", "delete"})
    EXPECT_EQ(post("/api/v1/messages/" + kId + "/" + verb).status, 409U) << verb;
  EXPECT_TRUE(control_.steered.empty());
}

TEST_F(MessagesTest, RetryOfWhatIsDueAnywayIsNoFailure) {
  control_.applied = queue::Applied{};
  EXPECT_EQ(json(post("/api/v1/messages/" + kId + "/retry"))["changed"], 0);
}

TEST_F(MessagesTest, SaysWhenAVerbHasToWaitForTheStore) {
  control_.applied = queue::StorageFault{true, "database or disk is full"};
  for (const std::string& target :
       {"/api/v1/messages/" + kId + "/delete", std::string("/api/v1/messages/delete?all=true")}) {
    const auto refusal = post(target);
    EXPECT_EQ(refusal.status, 503U);
    EXPECT_EQ(
        json(refusal)["detail"],
        "The queue cannot be written now (database or disk is full). The delete stands: it is "
        "done as soon as the queue can be written, unless the daemon ends before.");
  }
}

TEST_F(MessagesTest, SaysWhenThereIsNoSuchMessageOrVerb) {
  for (const std::string& path :
       {to_id(number(6)) + "/retry", std::string("NONSENSE/retry"), kId + "/explode"})
    EXPECT_EQ(post("/api/v1/messages/" + path).status, 404U) << path;
  EXPECT_EQ(post("/api/v1/messages/" + kId + "/retry?reason=x").status, 400U);
  EXPECT_EQ(get("/api/v1/messages/" + to_id(number(6))).status, 404U);
  EXPECT_TRUE(control_.steered.empty());
}

TEST_F(MessagesTest, SteersAllThatMatch) {
  control_.applied = queue::Applied{100, false, 0, 0};
  EXPECT_EQ(json(post("/api/v1/messages/retry?sender-domain=shop.example"))["changed"], 100);
  EXPECT_EQ(control_.steered.back().filter.sender_domain, "shop.example");
  EXPECT_EQ(post("/api/v1/messages/delete?all=true").status, 200U);
  EXPECT_TRUE(is_empty(control_.steered.back().filter));
  control_.applied = queue::Applied{};
  EXPECT_EQ(json(post("/api/v1/messages/retry?state=held"))["changed"], 0)
      << "no match is no mistake";
}

TEST_F(MessagesTest, NeverWidensAVerbByAccident) {
  for (const char* query :
       {"", "?all=yes", "?all=true&state=held", "?sender-domain=", "?sender_domain=x", "?limit=5"})
    EXPECT_EQ(post(std::string("/api/v1/messages/delete") + query).status, 400U) << query;
  EXPECT_TRUE(control_.steered.empty());
}

/// Three pieces, the last of which may be lost.
class Pieces final : public Content {
 public:
  explicit Pieces(bool whole) : whole_(whole) {}
  std::uint32_t chunks() const override { return 3; }
  std::uint64_t size_bytes() const override { return 6; }
  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override {
    if (index == 2 && !whole_) throw std::runtime_error("pruned");
    return std::make_shared<const std::string>(2, static_cast<char>('a' + index));
  }

 private:
  bool whole_;
};

std::string read_all(const Response& response) {
  std::string bytes;
  for (;;) {
    auto answered = std::make_shared<std::promise<net::HttpServer::Piece>>();
    response.next(
        [answered](net::HttpServer::Piece piece) { answered->set_value(std::move(piece)); });
    const auto piece = answered->get_future().get();
    if (!piece) return bytes;
    bytes += *piece;
  }
}

TEST_F(MessagesTest, StreamsTheBody) {
  reader_.bodies[number(5)] = std::make_shared<Pieces>(true);
  const auto response = get("/api/v1/messages/" + kId + "/body");
  EXPECT_EQ(header(response, "Content-Type"), "message/rfc822");
  EXPECT_EQ(header(response, "Content-Disposition"), "attachment; filename=\"" + kId + ".eml\"");
  EXPECT_EQ(response.stream_bytes, 6U);
  EXPECT_EQ(read_all(response), "aabbcc");
}

TEST_F(MessagesTest, CutsABodyThatCannotBeReadToItsEnd) {
  reader_.bodies[number(5)] = std::make_shared<Pieces>(false);
  EXPECT_EQ(read_all(get("/api/v1/messages/" + kId + "/body")), "aabb");
}

TEST_F(MessagesTest, SaysWhenTheBodyIsGone) {
  EXPECT_EQ(get("/api/v1/messages/" + kId + "/body").status, 404U);
}

}  // namespace
}  // namespace postern::admin::testing
