// SPDX-License-Identifier: MIT
// The STATUS of the moment: as what it reads for peers with different rights, and when it goes out. Pure.
//
// A local program changes which rooms are joined as often as it likes, and a STATUS of many rooms to many subscribers
// is megabytes. So a change of the rooms alone goes out at once, and the next one only after a pause; whatever else
// changes does not wait, and takes the rooms with it.
//
// Invariant: while what peers were last sent is not what frame_for() gives, due() has a time.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <roombridge/proto/daemon_messages.hpp>

#include "daemon/local/access_rules.hpp"

namespace roombridge::local {

// A frame that peers share; replaced, never changed.
using shared_frame = std::shared_ptr<const std::string>;

class status_board {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // Between two STATUS that tell of rooms only. The program that asked for a room has its RESULT at once; who shows the
  // rooms to people needs no more. 100 subscribers that may know rooms of 64 KiB cost 13 MB/s at the most.
  static constexpr std::chrono::milliseconds pause{500};

  void set(proto::status status, time_point now);

  // When all peers are to be sent what frame_for() gives; nothing: they have it.
  [[nodiscard]] std::optional<time_point> due() const { return due_; }
  void sent(time_point now);

  // As peers with these rights see it; null: there is none yet. Only who may control gets the words, which may be the
  // server's. One and the same frame as before means that nothing has changed for them.
  [[nodiscard]] shared_frame frame_for(const shared_rights& may);

 private:
  struct encoded {
    shared_frame frame;
    bool current = false;
  };

  std::optional<proto::status> status_;
  std::map<shared_rights, encoded> frames_;  // as far as they have been asked for
  std::optional<time_point> due_;
  bool rooms_only_ = false;  // what is due
  time_point pause_end_{};
};

}  // namespace roombridge::local
