#pragma once
// Requests to the daemon's admin API, one after the other. Commands see values; what goes wrong is
// thrown as Failure with the daemon's own sentence.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/fields.hpp"
#include "cli/place.hpp"
#include "core/clock.hpp"

namespace postern::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class Api {
 public:
  virtual ~Api() = default;
  /// `segments`: of the path below /api/v1, not encoded. Failure: 4xx is kFailed (400 kUsage, 429
  /// kTryLater), 5xx kTryLater, nobody there kNoDaemon.
  virtual std::string get(const std::vector<std::string>& segments,
                          const Parameters& parameters) = 0;
  virtual std::string post(const std::vector<std::string>& segments,
                           const Parameters& parameters) = 0;
};

/// Over the admin socket or TCP.
class ApiClient final : public Api {
 public:
  /// `patience`: with the answer to a get(), which is a matter of milliseconds.
  explicit ApiClient(Place place, Duration patience = std::chrono::seconds{30});
  ~ApiClient() override;
  std::string get(const std::vector<std::string>& segments, const Parameters& parameters) override;
  std::string post(const std::vector<std::string>& segments, const Parameters& parameters) override;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

/// Throws Failure(kTryLater) when the daemon's answer is none.
Json parse_answer(const std::string& text);

}  // namespace postern::cli
