// The program. Everything is wired in app/; what it may be told is in cli/.
#include <iostream>

#include "app/app.hpp"
#include "app/version.hpp"
#include "cli/run.hpp"
#include "core/clock.hpp"
#include "transports/classify_json.hpp"

int main(int argc, char** argv) {
  postern::cli::Program program;
  program.version = postern::app::kVersion;
  program.serve = postern::app::serve;
  program.classify = [](const std::string& type, const std::string& text, int status) {
    return postern::transports::classify_json(type, text, status, postern::SystemClock{}.now());
  };
  return postern::cli::run({argv, argv + argc}, program, std::cout, std::cerr);
}
