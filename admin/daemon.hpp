#pragma once
// What admin/ may ask of the program it runs in. Implemented by app/, which alone sees all parts;
// tests put their own behind it. reload() and classify() are called on admin's threads and may
// take their time; the others are called from any thread and must not block.
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/load.hpp"

namespace postern::admin {

/// Whether the node may take mail, and why not.
struct Readiness {
  bool storage_healthy = false;  // the last commit worked
  bool draining = false;         // SIGTERM came
  bool ready() const { return storage_healthy && !draining; }
};

class Daemon {
 public:
  virtual ~Daemon() = default;
  virtual Readiness readiness() const = 0;
  /// Every mistake of the new configuration, and the old one stays; none: it is in effect.
  virtual std::vector<config::Mistake> reload() = 0;
  virtual std::shared_ptr<const config::Config> config() const = 0;
  /// What the rules of a transport type make of a reply, as the JSON of `postern classify`.
  /// Error: no such type.
  virtual Result<std::string> classify(const std::string& type, const std::string& text,
                                       int status) const = 0;
};

}  // namespace postern::admin
