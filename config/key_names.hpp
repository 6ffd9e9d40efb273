#pragma once
// Lists the keys of a section by visiting its description.
#include <string>
#include <vector>

#include "config/fields.hpp"

namespace postern::config {

class KeyNames final : public Fields {
 public:
  void string(std::string_view key, Presence, const Parse&,
              const std::optional<std::string>&) override {
    names.emplace_back(key);
  }
  void list(std::string_view key, const std::function<void()>&, const Parse&,
            const std::optional<std::vector<std::string>>&) override {
    names.emplace_back(key);
  }
  void flag(std::string_view key, bool&) override { names.emplace_back(key); }
  void number(std::string_view key, std::uint32_t&, Bounds<std::uint32_t>) override {
    names.emplace_back(key);
  }
  void secret(std::string_view key, Presence, Secret&) override { names.emplace_back(key); }

  std::vector<std::string> names;
};

/// Every key that load knows, as "queue.retry"; the types' own keys of a transport together.
std::vector<std::string> known_keys();

}  // namespace postern::config
