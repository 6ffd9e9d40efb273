#pragma once
// Room on the disk for what must be written whatever happens: attempts and outcomes. Bodies leave a
// reserve alone; and since others may fill the disk to its last byte, a ballast file holds some of
// it, which is thrown overboard when a write finds no room and taken in again when there is some.
//
// has_room() may be called from any thread; the ballast belongs to the store's thread. Nothing here
// throws: without a ballast the queue works as well, until the disk is full.
#include <atomic>
#include <cstdint>
#include <filesystem>

#include "core/clock.hpp"

namespace postern::queue {

class DiskReserve {
 public:
  static constexpr std::uint64_t kReserveBytes = 64 * 1024 * 1024;  // or a twentieth of the disk
  static constexpr std::uint64_t kBallastBytes = 16 * 1024 * 1024;  // or a fortieth of it

  explicit DiskReserve(std::filesystem::path directory);

  /// The disk has more free than the reserve: bodies may be taken. Asked at most every 250 ms.
  bool has_room();
  /// True: there was a ballast, and its space is free now.
  bool release_ballast() noexcept;
  /// Takes it in again when the disk has room for it beside the reserve.
  void take_in_ballast() noexcept;

 private:
  struct Disk {
    std::uint64_t free_bytes = 0;
    std::uint64_t reserve_bytes = 0;
    std::uint64_t ballast_bytes = 0;
  };
  bool look(Disk& disk) const noexcept;

  std::filesystem::path directory_;
  std::filesystem::path ballast_;
  bool holds_ballast_ = false;
  std::atomic<Tick> checked_{Tick{}};
  std::atomic<bool> has_room_{true};
};

}  // namespace postern::queue
