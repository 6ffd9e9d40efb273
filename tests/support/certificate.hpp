#pragma once
// A certificate for localhost that signs itself, with its key, in files that live as long as it.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/support/temporary_directory.hpp"

namespace postern::testing {

inline std::string read_text(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Certificate {
 public:
  static constexpr const char* kEcdsa = "ec -pkeyopt ec_paramgen_curve:P-256";

  /// `key_kind` and `days` as openssl-req(1) has them.
  explicit Certificate(const std::string& key_kind = kEcdsa, const std::string& days = "2",
                       const std::string& more = "-nodes") {
    const std::string command =
        "openssl req -x509 -newkey " + key_kind + " -days " + days + " " + more +
        " -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " + key() +
        " -out " + file() + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl failed");
  }
  std::string file() const { return (directory_.path() / "cert.pem").string(); }
  std::string key() const { return (directory_.path() / "key.pem").string(); }
  std::string chain_pem() const { return read_text(file()); }
  std::string key_pem() const { return read_text(key()); }

 private:
  TemporaryDirectory directory_;
};

}  // namespace postern::testing
