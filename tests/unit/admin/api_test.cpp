#include "admin/api.hpp"

#include "tests/unit/admin/api_fixture.hpp"

namespace postern::admin::testing {
namespace {

TEST_F(ApiTest, IsAliveEvenWhenNotReady) {
  daemon_.readiness_now = {false, true};
  EXPECT_EQ(get("/healthz").status, 200U);
}

TEST_F(ApiTest, IsReadyWhileItCommitsAndDoesNotDrain) {
  EXPECT_EQ(get("/readyz").status, 200U);
  daemon_.readiness_now = {true, true};
  EXPECT_EQ(json(get("/readyz"))["draining"], true);
  EXPECT_EQ(get("/readyz").status, 503U);
  daemon_.readiness_now = {false, false};
  EXPECT_EQ(json(get("/readyz"))["storage"], "the last commit failed");
  EXPECT_EQ(get("/readyz").status, 503U);
}

TEST_F(ApiTest, KnowsExactPathsOnly) {
  for (const char* path :
       {"/", "/api/v1", "/api/v1/", "//api/v1/messages", "/api//v1/messages", "/api/v1/%6dessages",
        "/api/v1/../v1/messages", "/api/v1/%2e%2e/v1/messages", "/metrics/", "/healthz%00"})
    EXPECT_EQ(get(path).status, 404U) << path;
  EXPECT_EQ(post("/api/v1/transports/a/b/c/suspend").status, 404U);
}

TEST_F(ApiTest, RefusesTargetsThatAreNone) {
  for (const char* target : {"http://evil.example/metrics", "*", "metrics", "/metrics?a=%zz", "/%"})
    EXPECT_EQ(get(target).status, 400U) << target;
}

TEST_F(ApiTest, ChangesNothingByGet) {
  for (const std::string path : {"/api/v1/reload", "/api/v1/transports/mailgun/suspend",
                                 "/api/v1/transports/mailgun/a.example/resume"}) {
    const auto refused = get(path);
    EXPECT_EQ(refused.status, 405U) << path;
    EXPECT_EQ(header(refused, "Allow"), "POST");
  }
  EXPECT_EQ(get("/api/v1/messages/" + to_id(number(1)) + "/retry").status, 405U);
  EXPECT_EQ(get("/api/v1/messages/retry?all=true").status, 404U) << "no such message";
  EXPECT_TRUE(control_.steered.empty());
  EXPECT_EQ(control_.told, "");
}

TEST_F(ApiTest, DescribesProblems) {
  const auto refused = get("/nowhere");
  EXPECT_EQ(header(refused, "Content-Type"), "application/problem+json");
  const auto body = json(refused);
  EXPECT_EQ(body["status"], 404);
  EXPECT_EQ(body["title"], "Not Found");
  EXPECT_EQ(body["type"], "about:blank");
  EXPECT_EQ(body["detail"], "There is nothing at this path.");
}

TEST_F(ApiTest, SendsHeadersThatDisarmMarkup) {
  const auto response = get("/healthz");
  EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(response, "Content-Security-Policy"),
            "default-src 'none'; frame-ancestors 'none'");
}

TEST_F(ApiTest, AnswersABrokenStoreWith503AndGoesOn) {
  reader_.broken = true;
  EXPECT_EQ(get("/api/v1/messages").status, 503U);
  EXPECT_EQ(get("/metrics").status, 503U);
  reader_.broken = false;
  EXPECT_EQ(get("/api/v1/messages").status, 200U);
}

TEST_F(ApiTest, ShowsTheConfigurationWithoutSecrets) {
  const auto response = get("/api/v1/config");
  EXPECT_NE(response.body.find("name = \"main\""), std::string::npos) << response.body;
  EXPECT_EQ(response.body.find("key-very-secret"), std::string::npos);
}

TEST_F(ApiTest, ReloadsOrListsTheMistakes) {
  EXPECT_EQ(json(post("/api/v1/reload"))["reloaded"], true);
  daemon_.mistakes = {{"postern.toml", 3, 5, "unknown key"}};
  const auto refused = post("/api/v1/reload");
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(json(refused)["mistakes"][0], "postern.toml:3:5: unknown key");
}

TEST_F(ApiTest, CountsTheQueue) {
  reader_.counts_now = {{Channel::mail, DeliveryState::deferred, 7, kNow - 90s}};
  const auto stats = json(get("/api/v1/stats"));
  EXPECT_EQ(stats["deliveries"][0]["state"], "deferred");
  EXPECT_EQ(stats["deliveries"][0]["deliveries"], 7);
  EXPECT_EQ(stats["deliveries"][0]["oldest"], "2026-11-21T09:11:37.123Z");
  EXPECT_EQ(stats["used_bytes"], 4096);
}

TEST_F(ApiTest, RefreshesQueueGaugesAtScrapeAtMostOnceASecond) {
  reader_.counts_now = {{Channel::mail, DeliveryState::deferred, 7, kNow - 90s},
                        {Channel::mail, DeliveryState::held, 1, kNow - 30s}};
  const std::string deferred = "postern_queue_deliveries{channel=\"mail\",state=\"deferred\"} ";
  const std::string page = get("/metrics").body;
  EXPECT_NE(page.find(deferred + "7\n"), std::string::npos) << page;
  EXPECT_NE(page.find("postern_queue_oldest_seconds{channel=\"mail\"} 90\n"), std::string::npos)
      << page;
  EXPECT_NE(page.find("postern_queue_bytes 4096\n"), std::string::npos) << page;

  reader_.counts_now.clear();
  EXPECT_NE(get("/metrics").body.find(deferred + "7\n"), std::string::npos);
  EXPECT_EQ(reader_.counted, 1);
  clock_.advance(1s);
  EXPECT_NE(get("/metrics").body.find(deferred + "0\n"), std::string::npos);
}

delivery::TransportView view(const std::string& name, const std::string& domain,
                             const std::string& breaker) {
  delivery::TransportView made;
  made.name = name;
  made.type = name == "mailgun" ? "mailgun" : "smtp";
  made.domain = domain;
  made.breaker = breaker;
  made.sent = 5;
  return made;
}

TEST_F(ApiTest, ListsTransportsByName) {
  control_.views = {view("mailgun", "", "closed"), view("mailgun", "shop.example", "open"),
                    view("backup", "", "closed")};
  control_.views[1].until = kNow + 1min;
  const auto transports = json(get("/api/v1/transports"));
  ASSERT_EQ(transports.size(), 2U);
  EXPECT_EQ(transports[0]["domains"][0]["domain"], "");
  EXPECT_EQ(transports[0]["domains"][0]["sent"], 5);
  EXPECT_EQ(transports[0]["domains"][0]["until"], nullptr);
  EXPECT_EQ(transports[0]["domains"][1]["breaker"], "open");
  EXPECT_EQ(transports[0]["domains"][1]["until"], "2026-11-21T09:14:07.123Z");
  EXPECT_EQ(transports[1]["type"], "smtp");
}

TEST_F(ApiTest, SuspendsAndResumes) {
  EXPECT_EQ(post("/api/v1/transports/mailgun/suspend?for=2h&reason=key%20rotation").status, 200U);
  EXPECT_EQ(control_.told, "suspend mailgun/ 7200s key rotation");
  EXPECT_EQ(post("/api/v1/transports/mailgun/Shop.Example/suspend").status, 200U);
  EXPECT_EQ(control_.told, "suspend mailgun/shop.example 3600s suspended by the operator");
  EXPECT_EQ(post("/api/v1/transports/mailgun/shop.example/resume").status, 200U);
  EXPECT_EQ(control_.told, "resume mailgun/shop.example");
  EXPECT_EQ(json(post("/api/v1/transports/mailgnu/resume"))["detail"],
            "There is no transport \"mailgnu\" (did you mean \"mailgun\"?).");
  EXPECT_EQ(json(post("/api/v1/transports/mailgun/no%20domain/suspend"))["detail"],
            "\"no domain\" is not a domain.");
  EXPECT_EQ(json(post("/api/v1/transports/mailgun/suspend?for=0s"))["detail"],
            "for: \"0s\" ends before it begins.");
  EXPECT_EQ(post("/api/v1/transports/nowhere/resume").status, 400U);
  EXPECT_EQ(post("/api/v1/transports/mailgun/suspend?for=soon").status, 400U);
  EXPECT_EQ(post("/api/v1/transports/mailgun/resume?for=2h").status, 400U);
}

TEST_F(ApiTest, ClassifiesByTransportNameOrType) {
  EXPECT_EQ(json(get("/api/v1/classify?transport=main&text=busy&status=429"))["rule"], "busy429");
  EXPECT_EQ(json(get("/api/v1/classify?transport=mailgun&text=a%20b"))["rule"], "a b0");
  EXPECT_EQ(get("/api/v1/classify?transport=pigeon&text=x").status, 404U);
  for (const char* query :
       {"text=x", "transport=main", "transport=main&text=x&status=abc",
        "transport=main&text=x&color=red", "transport=main&transport=main&text=x"})
    EXPECT_EQ(get(std::string("/api/v1/classify?") + query).status, 400U) << query;
}

}  // namespace
}  // namespace postern::admin::testing
