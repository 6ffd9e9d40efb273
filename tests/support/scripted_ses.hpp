#pragma once
// The scripted SES of tests/support/scripted_ses.py; its signatures are checked by botocore.
#include "tests/support/scripted_provider.hpp"

namespace postern::testing {

class ScriptedSes : public ScriptedProvider {
 public:
  static constexpr const char* kKeyId = "AKIDEXAMPLE";
  static constexpr const char* kRegion = "eu-west-1";
  static constexpr const char* kToken = "session/token+of=temporary==";

  ScriptedSes() : ScriptedProvider("scripted_ses.py") {}

  /// Members of GetAccount's answer, and "status".
  void account(const std::string& order) { post("/_account", order); }
};

}  // namespace postern::testing
