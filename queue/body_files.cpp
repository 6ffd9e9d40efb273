#include "queue/body_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "queue/store.hpp"

namespace postern::queue {
namespace {

[[noreturn]] void fail(const std::string& doing, int error) {
  throw StorageError(StorageFault{error == ENOSPC || error == EDQUOT,
                                  "bodies: " + doing + ": " + std::strerror(error)});
}

class FileContent final : public Content {
 public:
  FileContent(std::filesystem::path path, const Message& message)
      : path_(std::move(path)), chunks_(message.chunks), size_bytes_(message.size_bytes) {}
  ~FileContent() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;

  std::uint32_t chunks() const override { return chunks_; }
  std::uint64_t size_bytes() const override { return size_bytes_; }

  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override {
    open();
    const std::uint64_t offset = std::uint64_t{index} * kChunkBytes;
    std::string bytes(std::min<std::uint64_t>(kChunkBytes, size_bytes_ - offset), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                    static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("read " + path_.string(), errno);
      if (count == 0)
        throw StorageError(StorageFault{false, "bodies: " + path_.string() + " is cut short"});
      done += static_cast<std::size_t>(count);
    }
    return std::make_shared<const std::string>(std::move(bytes));
  }

 private:
  void open() const {
    const std::lock_guard lock(mutex_);
    if (descriptor_ >= 0) return;
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("open " + path_.string(), errno);
  }

  std::filesystem::path path_;
  std::uint32_t chunks_;
  std::uint64_t size_bytes_;
  mutable std::mutex mutex_;
  mutable int descriptor_ = -1;
};

}  // namespace

BodyFiles::BodyFiles(std::filesystem::path directory) : directory_(std::move(directory)) {
  if (::mkdir(directory_.c_str(), 0750) != 0 && errno != EEXIST)
    fail("mkdir " + directory_.string(), errno);
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    if (entry.is_regular_file()) used_bytes_ += entry.file_size();
}

BodyFiles::~BodyFiles() {
  for (const auto& [no, body] : open_) ::close(body.descriptor);
}

std::filesystem::path BodyFiles::path_of(MessageNo no) const {
  return directory_ / to_id(no);
}

// The descriptor to write piece `index` to.
int BodyFiles::next_piece(MessageNo no, std::uint32_t index) {
  const std::lock_guard lock(mutex_);
  Open& body = open_[no];
  if (body.pieces != index)
    throw StorageError(StorageFault{false, "bodies: a piece of " + to_id(no) + " is missing"});
  if (index == 0) {
    body.descriptor = ::open(path_of(no).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (body.descriptor < 0) fail("create " + path_of(no).string(), errno);
    names_changed_ = true;
  }
  ++body.pieces;
  return body.descriptor;
}

// Ends the writing of a body: its descriptor, or -1.
int BodyFiles::take(MessageNo no) {
  const std::lock_guard lock(mutex_);
  const auto place = open_.find(no);
  if (place == open_.end()) return -1;
  const int descriptor = place->second.descriptor;
  open_.erase(place);
  return descriptor;
}

void BodyFiles::write(MessageNo no, std::uint32_t index, std::string_view bytes) {
  const int descriptor = next_piece(no, index);
  const auto offset = static_cast<off_t>(std::uint64_t{index} * Content::kChunkBytes);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pwrite(descriptor, bytes.data() + done, bytes.size() - done,
                                   offset + static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("write", errno);
    done += static_cast<std::size_t>(count);
    used_bytes_ += static_cast<std::uint64_t>(count);
  }
  // The disk begins now, so that the sync at the end has little left to wait for. Only a hint.
  ::sync_file_range(descriptor, offset, static_cast<off_t>(bytes.size()), SYNC_FILE_RANGE_WRITE);
}

void BodyFiles::sync(MessageNo no) {
  const int descriptor = take(no);
  const int result = ::fdatasync(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (result != 0) fail("sync", error);
}

void BodyFiles::sync_names() {
  if (!names_changed_.exchange(false)) return;
  const int descriptor = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    names_changed_ = true;
    fail("open " + directory_.string(), errno);
  }
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (result == 0) return;
  names_changed_ = true;
  fail("sync names", error);
}

void BodyFiles::remove(MessageNo no) noexcept {
  if (const int descriptor = take(no); descriptor >= 0) ::close(descriptor);
  const std::filesystem::path path = path_of(no);
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return;
  if (::unlink(path.c_str()) == 0) used_bytes_ -= static_cast<std::uint64_t>(about.st_size);
}

void BodyFiles::remove_unknown(const std::function<bool(MessageNo)>& is_known) {
  std::vector<MessageNo> unknown;
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    if (const auto no = parse_id(entry.path().filename().string()); no && !is_known(*no))
      unknown.push_back(*no);
  for (const MessageNo no : unknown) remove(no);
}

std::shared_ptr<const Content> BodyFiles::content(const Message& message) const {
  if (::access(path_of(message.no).c_str(), F_OK) != 0) return nullptr;
  return std::make_shared<FileContent>(path_of(message.no), message);
}

}  // namespace postern::queue
