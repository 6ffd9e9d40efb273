// A failure report as an independent MIME parser reads it (RFC 6522).
#include <gtest/gtest.h>
#include <mimetic/mimetic.h>

#include <sstream>

#include "mail/report.hpp"

namespace postern::mail {
namespace {

using namespace std::chrono_literals;

TEST(ReportMime, IsAMultipartReportOfThreeParts) {
  DeliveryReport report;
  report.sender = "anna@product-a.com";
  report.domain = "product-a.com";
  report.reporting_mta = "mail.product-a.com";
  report.id = "0123456789ABCDEF";
  report.now = Time{1'795'252'387'123ms};
  report.header_block = "From: Anna <anna@product-a.com>\r\nSubject: Your order\r\n\r\n";
  report.recipients = {{.address = "bob@example.net",
                        .original = {},
                        .status = "5.1.1",
                        .diagnostic = "550 no such user"}};
  std::istringstream bytes(render(report).bytes);
  mimetic::MimeEntity entity(bytes);

  EXPECT_EQ(entity.header().contentType().type(), "multipart");
  EXPECT_EQ(entity.header().contentType().subtype(), "report");
  EXPECT_EQ(entity.header().contentType().param("report-type"), "delivery-status");
  EXPECT_EQ(entity.header().from().begin()->domain(), "product-a.com");
  std::vector<std::string> types;
  std::vector<std::string> bodies;
  for (const mimetic::MimeEntity* part : entity.body().parts()) {
    const mimetic::ContentType& type = part->header().contentType();
    types.push_back(type.type() + "/" + type.subtype());
    bodies.push_back(part->body());
  }
  ASSERT_EQ(types, (std::vector<std::string>{"text/plain", "message/delivery-status",
                                             "text/rfc822-headers"}));
  EXPECT_NE(bodies[1].find("Final-Recipient: rfc822; bob@example.net"), std::string::npos);
  EXPECT_NE(bodies[2].find("Subject: Your order"), std::string::npos);
}

}  // namespace
}  // namespace postern::mail
