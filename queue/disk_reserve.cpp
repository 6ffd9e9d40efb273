#include "queue/disk_reserve.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/log.hpp"

namespace postern::queue {
namespace {

constexpr auto kCheckEvery = std::chrono::milliseconds(250);

}  // namespace

DiskReserve::DiskReserve(std::filesystem::path directory)
    : directory_(std::move(directory)), ballast_(directory_ / "ballast") {
  struct stat about {};
  holds_ballast_ = ::stat(ballast_.c_str(), &about) == 0 && about.st_blocks > 0;
}

bool DiskReserve::look(Disk& disk) const noexcept {
  struct statvfs facts {};
  if (::statvfs(directory_.c_str(), &facts) != 0) return false;
  const std::uint64_t block = facts.f_frsize;
  const std::uint64_t size_bytes = facts.f_blocks * block;
  disk.free_bytes = facts.f_bavail * block;
  disk.reserve_bytes = std::min(kReserveBytes, size_bytes / 20);
  disk.ballast_bytes = std::min(kBallastBytes, size_bytes / 40) / block * block;
  return true;
}

bool DiskReserve::has_room() {
  const Tick now = std::chrono::steady_clock::now();
  if (now - checked_.load() > kCheckEvery) {
    checked_ = now;
    if (Disk disk; look(disk)) has_room_ = disk.free_bytes > disk.reserve_bytes;
  }
  return has_room_;
}

bool DiskReserve::release_ballast() noexcept {
  has_room_ = false;
  checked_ = std::chrono::steady_clock::now();
  if (!std::exchange(holds_ballast_, false)) return false;
  // Truncated first: the name may be on a directory that cannot be changed without a free block.
  const bool released = ::truncate(ballast_.c_str(), 0) == 0;
  ::unlink(ballast_.c_str());
  if (released) log::event(log::Level::warning, {}, "disk-full", {{"ballast", "released"}});
  return released;
}

void DiskReserve::take_in_ballast() noexcept {
  Disk disk;
  if (holds_ballast_ || !look(disk) || disk.ballast_bytes == 0 ||
      disk.free_bytes <= disk.reserve_bytes + disk.ballast_bytes)
    return;
  const int descriptor = ::open(ballast_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return;
  // Writes where the file system cannot allocate: the space is really taken either way.
  holds_ballast_ = ::posix_fallocate(descriptor, 0, static_cast<off_t>(disk.ballast_bytes)) == 0;
  ::close(descriptor);
  if (!holds_ballast_) ::unlink(ballast_.c_str());
}

}  // namespace postern::queue
