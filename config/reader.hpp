#pragma once
// Reads one table strictly: every key asked for is remembered, what is left over is a mistake with
// the closest known key. Nothing throws; mistakes gather in one place and the setting keeps its
// default. Used by load.cpp only.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "config/fields.hpp"
#include "config/load.hpp"

namespace postern::config {

/// The mistakes of one file, and where its settings stand.
class Findings {
 public:
  explicit Findings(std::string file) : file_(std::move(file)) {}
  void add(Place place, std::string what);
  /// Of what is allowed, and hardly meant.
  void warn(Place place, std::string what);
  /// Remembers the place of "listener.0.bind" and its like.
  void note(std::string path, Place place);
  /// The place of a setting or, where it is left out, of what it belongs to.
  Place place_of(std::string path) const;
  /// Whether the file says anything of the setting, right or wrong.
  bool has(std::string_view path) const { return places_.contains(path); }
  /// In the order of the file.
  std::vector<Mistake> take();
  std::vector<Mistake> take_warnings();
  /// As Config::places.
  std::map<std::string, std::string, std::less<>> places() const;
  bool empty() const { return mistakes_.empty(); }

 private:
  std::string file_;
  std::vector<Mistake> mistakes_;
  std::vector<Mistake> warnings_;
  std::map<std::string, Place, std::less<>> places_;
};

class Reader final : public Fields {
 public:
  /// The whole file.
  Reader(const Value& root, const Environment& environment, Findings& findings)
      : Reader(root, "", "", environment, findings) {}

  void string(std::string_view key, Presence presence, const Parse& parse,
              const std::optional<std::string>& shown) override;
  void list(std::string_view key, const std::function<void()>& clear, const Parse& parse,
            const std::optional<std::vector<std::string>>& shown) override;
  void flag(std::string_view key, bool& value) override;
  void number(std::string_view key, std::uint32_t& value, Bounds<std::uint32_t> bounds) override;
  void secret(std::string_view key, Presence presence, Secret& value) override;

  /// The section `[key]`, if it is there.
  std::optional<Reader> table(std::string_view key);
  /// The sections `[[key]]`, a Reader for each.
  std::vector<Reader> tables(std::string_view key);
  /// Says that a section is known but not built yet, if it is there.
  void later(std::string_view key);
  /// Reports the keys nobody asked for. `elsewhere`: key -> the type of section it belongs to.
  void finish(const std::map<std::string, std::string>& elsewhere = {});
  bool has(std::string_view key) const { return table_.find(key) != nullptr; }
  bool has_list(std::string_view key) const {
    const Member* member = table_.find(key);
    return member != nullptr && member->value.kind == Value::Kind::list;
  }
  const std::string& path() const { return path_; }

 private:
  /// `path`: the settings' prefix for Findings; `title`: the section as the operator writes it.
  Reader(const Value& table, std::string path, std::string title, const Environment& environment,
         Findings& findings);
  std::string path_of(std::string_view key) const;
  const Value* find(std::string_view key, Presence presence);
  const Value* find(std::string_view key, Presence presence, Value::Kind kind);
  bool expect(std::string_view key, const Value& value, Value::Kind kind);
  void wrong(std::string_view key, Place place, const std::string& what);

  const Value& table_;
  std::string path_;
  std::string title_;
  const Environment& environment_;
  Findings& findings_;
  std::vector<std::string> known_;
};

}  // namespace postern::config
