// SPDX-License-Identifier: MIT
// What the upstream layer needs to know, as plain data. The service's config loader fills it; nothing here is read from
// a file.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/upstream/payload_template.hpp"
#include "daemon/upstream/room_name.hpp"

namespace roombridge::upstream {

using std::chrono::milliseconds;

// Where the JWT comes from. It is read afresh for every attempt; surrounding white space is cut; at most 64 KiB.
struct token_none {
  bool operator==(const token_none&) const = default;
};
struct token_file {  // watched by its directory: appears, changes, vanishes
  std::string path;
  bool operator==(const token_file&) const = default;
};
struct token_environment {
  std::string name;
  bool operator==(const token_environment&) const = default;
};
struct token_credential {  // a file of this name in $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredential=)
  std::string name;
  bool operator==(const token_credential&) const = default;
};
struct token_command {            // a program's output; run as the daemon's user, without a shell
  std::vector<std::string> argv;  // the program's absolute path, and its arguments
  milliseconds timeout{10'000};   // then it is killed with its process group
  bool operator==(const token_command&) const = default;
};
using token_options = std::variant<token_none, token_file, token_environment, token_credential, token_command>;

enum class tls_version { v1_2, v1_3 };

// The files are read afresh for every connection.
struct tls_options {
  bool verify = true;            // certificate chain and host name
  std::string ca_file;           // PEM; empty: the system's
  std::string certificate_file;  // ours, PEM, the intermediate ones behind it; empty: none
  std::string key_file;          // of it, PEM, without a passphrase; empty: in the certificate's file
  tls_version min_version = tls_version::v1_2;
  std::vector<std::string> pins;  // base64 of SHA-256 of a SubjectPublicKeyInfo; empty: any key will do
  bool operator==(const tls_options&) const = default;
};

// Whether changed options are taken up on the connection that stands.
enum class connection_use { keep, make_anew };

// What carries the Engine.IO session.
enum class transport_kind { websocket, polling };
// As Engine.IO, the config and STATUS name it.
[[nodiscard]] constexpr std::string_view to_string(transport_kind value) {
  return value == transport_kind::websocket ? "websocket" : "polling";
}

struct proxy_options {
  static constexpr std::string_view none = "none";
  static constexpr std::string_view environment = "environment";
  std::string url{environment};  // one of these, or scheme (http, socks5), host and port
  std::string credentials_file;  // user:password; empty: none
  bool operator==(const proxy_options&) const = default;
};

// Delays double from `first` to `max`; each is drawn from its upper half, so that the jitter survives the cap.
struct reconnect_options {
  milliseconds first{1000};
  milliseconds max{5000};
  milliseconds refused_max{300'000};  // cap where the server said no: to a token that has not changed, to WebSocket
  milliseconds redeploy{600'000};     // so long after it was authenticated, what comes in the server's place is none
  milliseconds retry_after_max{300'000};  // the longest that a server is left alone because it asks for it; 0: never
  milliseconds quiet{10'000};             // authenticated for so long: the delay starts from `first` again
  bool operator==(const reconnect_options&) const = default;
};

// Names and texts. In `auth` the texts may hold the placeholder `{token}`.
using text_fields = std::vector<std::pair<std::string, std::string>>;

// How the server gets the token.
enum class auth_mode {
  event,    // by the event `request`, once the namespace is joined; the server answers with `success` or `error`
  connect,  // by the payload of the namespace's CONNECT
  header,   // by HTTP headers of the handshake
  query,    // by parameters of the handshake's URL
};

// Where the fields come from that say who we are, "the answer" of templates.
enum class identity_source {
  answer,  // the argument of `success`, which the server sends by itself where nothing asks for it
  claims,  // the token's own, if it is a JWT; nobody verifies them here
  none,
};

struct auth_options {
  auth_mode mode = auth_mode::event;
  std::string request = "authenticate";
  payload_template payload{{"token", "{token}"}};  // of `request`, or of CONNECT: a map; an empty one: it has none
  text_fields headers{{"Authorization", "Bearer {token}"}};
  text_fields query{{"token", "{token}"}};
  identity_source identity = identity_source::answer;
  text_fields accepted;  // `request` asks for an acknowledgement, which answers it, and whose fields must be these
  std::string success = "auth_success";
  std::string error = "auth_error";
  std::string error_text = "message";  // the field of the error's first argument that says why
  std::string user_field = "userId";   // the field of the answer that identifies the user
  bool one_user = false;               // where nothing names the user, every token is the same one's
  milliseconds timeout{10'000};
  milliseconds refresh_before{60'000};  // a JWT's `exp`: the token is read again; 0: never
  bool operator==(const auth_options&) const = default;
};

struct room_options {
  std::string join = "join_room";
  std::string leave = "leave_room";
  payload_template payload{{"roomId", "{room}"}, {"userId", "{userId}"}};
  std::string own = "user-{userId}";  // from the auth answer's fields, a lone one of its type; empty: none
  std::vector<room_name> declared;
  text_fields accepted;                // joins ask for an acknowledgement, whose fields must be these, as text
  std::string error_text = "message";  // the field of the acknowledgement's first argument that says why not
  milliseconds linger{30'000};         // how long a room stays joined that no local program holds any more
  bool operator==(const room_options&) const = default;
};

// Events of this name may wait for the connection. Bytes and count are of those of one user that wait, see held_emits.
struct hold_rule {
  std::string event;
  std::size_t count = 100;
  std::size_t bytes = 1u << 20;
  milliseconds age{60'000};
  bool operator==(const hold_rule&) const = default;
};

struct options {
  std::string url = "http://localhost:3001";  // http, https, ws or wss
  std::string path = "/socket.io/";
  bool add_trailing_slash = true;         // to a path that has none
  std::string nsp = "/";                  // Socket.IO namespace
  milliseconds connect_timeout{20'000};   // from the DNS look-up to the namespace's CONNECT
  std::size_t receive_limit = 16u << 20;  // bytes of one message from the server
  bool compression = true;                // permessage-deflate is offered; the server decides
  tls_options tls;
  bool insecure = false;  // what find_exposure() has to say of these options is known, and wanted
  proxy_options proxy;
  text_fields headers;  // of every request, as they are
  text_fields query;    // parameters of its URL
  token_options token = token_file{"/etc/roombridge/token"};
  std::string recovery_file;              // where a saved_session waits from a stop to the next start; empty: nowhere
  milliseconds recovery_memory{120'000};  // how long the server can recover a session that it has seen end
  reconnect_options reconnect;
  auth_options auth;
  room_options rooms;
  std::vector<transport_kind> transports{transport_kind::websocket, transport_kind::polling};  // by preference
  std::vector<hold_rule> hold;
  bool operator==(const options&) const = default;
};

}  // namespace roombridge::upstream
