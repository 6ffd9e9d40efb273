// dialogue_corpus DIRECTORY: writes every case of tests/golden/dialogues as an input of
// tests/fuzz/session_fuzz.cpp, one file a case, so that the fuzzer begins with all we know.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/dialogue/dialogue.hpp"
#include "tests/fuzz/session_setup.hpp"

int main(int argc, char** argv) {
  using namespace postern::smtpd::dialogue;
  // Longer ones would only slow the fuzzer down; the tests replay them.
  constexpr std::size_t kMaxBytes = 8000;
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::size_t written = 0;
  for (const Case& each : all_cases()) {
    if (each.spoken_bytes() > kMaxBytes) continue;
    std::ofstream out(folder / each.name(), std::ios::binary);
    out << postern::fuzz::SessionSetup::of(each).written();
    for (const Step& step : prelude(each)) out << step.spoken;
    for (const Step& step : each.steps) out << step.spoken;
    if (!out.flush()) return 1;
    ++written;
  }
  std::cout << written << " cases written\n";
  return written > 0 ? 0 : 1;
}
