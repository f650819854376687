// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/redirect.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>
#include <optional>

#include "daemon/base/ascii.hpp"
#include "daemon/upstream/wire/engineio.hpp"

namespace roombridge::upstream {
namespace {

struct target {
  std::string url;
  std::string path;
  endpoint made;
};

std::string whole_path(std::string_view path) {
  const std::string request = engineio::target(path, "");
  return request.substr(0, request.find('?'));
}

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// Nothing: it is no place that the config can name.
std::optional<target> resolve(std::string_view location, const endpoint& where) {
  const std::string own = (where.tls ? "https://" : "http://") + where.host_header + whole_path(where.path);
  const auto base = boost::urls::parse_uri(own);
  const auto relative = boost::urls::parse_uri_reference(location);
  if (base.has_error() || relative.has_error()) return std::nullopt;
  boost::urls::url absolute;
  if (boost::urls::resolve(*base, *relative, absolute).has_error()) return std::nullopt;
  target out;
  out.url = to_lower(std::string_view(absolute.scheme())) + "://" + std::string(absolute.encoded_authority());
  out.path = std::string(absolute.encoded_path());
  auto made = make_endpoint(out.url, out.path);
  if (std::holds_alternative<failure>(made)) return std::nullopt;
  out.made = std::get<endpoint>(std::move(made));
  return out;
}

}  // namespace

std::string explain_redirect(std::string_view location, const endpoint& where) {
  const auto to = resolve(location, where);
  if (!to) return ", to \"" + std::string(location.substr(0, location.find('?'))) + '"';
  const endpoint& made = to->made;
  std::string lines;
  if (made.tls != where.tls || made.host_header != where.host_header) lines += "upstream.url: " + to->url;
  const std::string led = whole_path(to->path);
  const std::string asked = whole_path(where.path);
  const bool ours = without_slash(led).ends_with(without_slash(asked));
  if (led != asked) {
    lines += (lines.empty() ? "" : " and ") + std::string("upstream.path: ") + to->path;
    if (ours && !led.ends_with('/')) lines += " and upstream.add_trailing_slash: false";
  }
  if (lines.empty()) return ", to the place that was asked";
  return (ours ? "; to follow it, set " : "; it leads to a login page (of the network?), or to follow it, set ") +
         lines;
}

}  // namespace roombridge::upstream
