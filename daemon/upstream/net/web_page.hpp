// SPDX-License-Identifier: MIT
// A web page where something else was wanted: the login page of a network (a captive portal), a proxy's excuse, another
// service. What it is called says more than its first lines. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace roombridge::upstream {

// `the web page "Title"` or `a web page without a title`, as printable() makes it safe for a log line; nothing: the
// text is no web page. `text` may be cut.
[[nodiscard]] std::optional<std::string> name_web_page(std::string_view text);

// A web page by its name, anything else in quotes and cut to `limit` bytes, as printable() has it.
[[nodiscard]] std::string named_or_quoted(std::string_view text, std::size_t limit);

}  // namespace roombridge::upstream
