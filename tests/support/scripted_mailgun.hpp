#pragma once
// The scripted Mailgun of tests/support/scripted_mailgun.py.
#include "tests/support/scripted_provider.hpp"

namespace postern::testing {

class ScriptedMailgun : public ScriptedProvider {
 public:
  explicit ScriptedMailgun(const std::vector<std::string>& arguments = {})
      : ScriptedProvider("scripted_mailgun.py", arguments) {}

  void events(const std::string& order) { post("/_events", order); }
};

}  // namespace postern::testing
