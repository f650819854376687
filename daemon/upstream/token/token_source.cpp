// SPDX-License-Identifier: MIT
#include "daemon/upstream/token/token_source.hpp"

#include <system_error>

namespace roombridge::upstream {

token_source::token_source(io::context& context, token_options options, logger& log, receiver deliver,
                           file_opened opened)
    : context_(context), options_(std::move(options)), deliver_(std::move(deliver)), opened_(std::move(opened)) {
  const auto unwatched = [&log](std::string_view what, int error) {
    log.warning("cannot watch " + std::string(what) + " for the token (" + std::system_category().message(error) +
                "): a change will be noticed at the next connection attempt only; use `roombridgectl reconnect`");
  };
  if (auto path = token_path(options_))
    watch_.emplace(
        context, std::move(*path), [this] { read(); }, unwatched);
}

token_source::~token_source() {
  if (run_) run_->abandon();
}

void token_source::read() {
  const auto* command = std::get_if<token_command>(&options_);
  if (command == nullptr) return deliver_(read_token(options_, opened_));
  if (run_ && run_->under_way()) return;
  run_ = std::make_shared<command_run>(context_, *command, deliver_);
  run_->start();
}

}  // namespace roombridge::upstream
