// SPDX-License-Identifier: MIT
// The list of what must reach neither log nor status, and the one place where it is taken out of texts: the token and
// its parts, the values of configured headers and parameters, the credentials of a proxy, the ids by which somebody
// could take over the session. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roombridge::upstream {

class secrets {
 public:
  // Each has its own texts, which come and go together.
  enum class kind : std::uint8_t { token, settings, proxy, engine_session, socket_session };

  secrets() = default;
  secrets(const secrets&) = delete;
  secrets& operator=(const secrets&) = delete;
  ~secrets();  // overwrites them

  // Takes the place of the earlier texts of this kind. Those are overwritten, and stay hidden all the same: of each a
  // hash of its beginning is kept, of the newest `most_former` of all kinds. `open`: what is no secret: a text of it
  // is not hidden.
  void set(kind of, const std::vector<std::string>& texts, std::string_view open = {});

  // "[token]" or "[hidden]" wherever one stands: as it is, percent-encoded, in JSON, in base64 and, of a token of parts
  // ("header.payload.signature"), each part that is long enough to be one. So it is where a text was cut within one; up
  // to 10 bytes of its beginning tell nothing. A token of less than 8 bytes is hidden where it is a whole word; other
  // texts so short are not.
  [[nodiscard]] std::string hide(std::string_view text) const;

  static constexpr std::size_t most_former = 64;

 private:
  struct form {
    kind of;
    bool word = false;      // counts as a whole word only
    std::size_t least = 0;  // so many bytes of its beginning count as it
    std::string text;
    bool operator==(const form&) const = default;
  };
  struct former {
    std::size_t length = 0;  // of the beginning that is known; 0: none
    std::uint64_t hash = 0;
  };

  void add(std::vector<form>& to, kind of, std::string_view text, std::string_view open) const;
  void remember(const form& gone);
  [[nodiscard]] std::size_t match(std::string_view text, std::size_t at, const form& with) const;
  [[nodiscard]] std::size_t match_former(std::string_view text, std::size_t at) const;

  std::vector<form> forms_;
  std::array<former, most_former> former_{};
  std::size_t next_former_ = 0;
};

// The values that a configured header, parameter or payload may carry as secrets: each as a whole, and the pieces of it
// between blanks, commas, semicolons and equals signs ("Bearer x", "session=x; path=/").
[[nodiscard]] std::vector<std::string> pieces_of(std::string_view value);

// Somebody's words with "[hidden]" for what stands behind the names that announce a secret in headers and in JSON:
// cookie, set-cookie, authorization, sid, pid. For words that come when the secret itself is not known yet.
[[nodiscard]] std::string without_announced(std::string_view words);

// A peer's words without this one text, as secrets::hide() does it for a token.
[[nodiscard]] std::string without_token(std::string_view text, std::string_view token);

}  // namespace roombridge::upstream
