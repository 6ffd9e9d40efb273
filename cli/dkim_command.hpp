#pragma once
// `postern dkim keygen|record|verify`: keys are made and messages checked without a daemon. Plain
// functions that the command line calls; they write to the streams given and return the program's
// exit status: 0 done, 1 the operation failed, 2 usage.
#include <filesystem>
#include <ostream>
#include <string>

#include "core/clock.hpp"

namespace postern::cli {

struct KeygenOptions {
  std::string domain;
  std::string selector;
  bool ed25519 = false;       // else RSA of 2048 bits
  std::filesystem::path out;  // empty: DOMAIN.SELECTOR.pem in the current directory
  bool json = false;
};

/// Writes a new private key with mode 0600, never over a file that is there, and prints the record
/// to publish.
int dkim_keygen(const KeygenOptions& options, std::ostream& out, std::ostream& err);

struct RecordOptions {
  std::string domain;
  std::string selector;
  std::filesystem::path key;  // private, PEM
  bool json = false;
};

/// Prints the record that belongs to a key.
int dkim_record(const RecordOptions& options, std::ostream& out, std::ostream& err);

struct VerifyOptions {
  std::filesystem::path file;  // a message; "-": standard input
  std::string record;          // a TXT record's text to verify with
  std::filesystem::path key;   // or a file with it (also as a zone line), or with the private key
  bool json = false;           // with neither, the key comes from DNS
};

/// One line per signature. 0 only when the message is signed and every signature passes.
int dkim_verify(const VerifyOptions& options, Time now, std::ostream& out, std::ostream& err);

}  // namespace postern::cli
