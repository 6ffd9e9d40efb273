#pragma once
// A daemon that answers from a list and notes what it was asked.
#include <deque>
#include <variant>

#include "cli/api_client.hpp"
#include "cli/failure.hpp"

namespace postern::cli::testing {

class FakeApi final : public Api {
 public:
  std::string get(const std::vector<std::string>& segments, const Parameters& parameters) override {
    return answer("GET", segments, parameters);
  }
  std::string post(const std::vector<std::string>& segments,
                   const Parameters& parameters) override {
    return answer("POST", segments, parameters);
  }
  void will_answer(std::string text) { answers_.emplace_back(std::move(text)); }
  void will_fail(ExitStatus status, const std::string& sentence) {
    answers_.emplace_back(Failure(status, sentence));
  }

  std::vector<std::string> asked;  // "POST messages/X/retry reason=y"

 private:
  std::string answer(std::string line, const std::vector<std::string>& segments,
                     const Parameters& parameters) {
    char separator = ' ';
    for (const auto& segment : segments) {
      line += separator + segment;
      separator = '/';
    }
    for (const auto& [name, value] : parameters) line += " " + name + "=" + value;
    asked.push_back(line);
    auto next = std::move(answers_.at(0));
    answers_.pop_front();
    if (const auto* failure = std::get_if<Failure>(&next)) throw *failure;
    return std::get<std::string>(next);
  }

  std::deque<std::variant<std::string, Failure>> answers_;
};

}  // namespace postern::cli::testing
