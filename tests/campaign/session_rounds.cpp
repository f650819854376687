// SPDX-License-Identifier: MIT
// Random faults, one round after the other, against one session machine on simulated time: while it is authenticated
// something ends that, and the attempts that follow fail at random steps. Once the faults are over it must be
// authenticated again within the policy's longest wait, in all its rooms, without more attempts than faults explain,
// with every emission answered once and no memory kept.
//
// usage: session_rounds [ROUNDS [SEED]]
#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace {

using namespace roombridge::upstream;
using namespace std::chrono_literals;
using roombridge::upstream::test::harness;
using roombridge::upstream::test::plain_options;

class campaign {
 public:
  explicit campaign(std::uint64_t seed) : random_(seed), at_(plain_options()) {}

  void run(unsigned rounds) {
    at_.start();
    judge("the beginning");
    std::size_t memory = 0;
    for (unsigned round = 0; round < rounds; ++round) {
      where_ = "round " + std::to_string(round);
      play();
      forget();
      if (round == rounds / 10) memory = mallinfo2().uordblks;
    }
    require(mallinfo2().uordblks <= memory + 64 * 1024, "memory grows");
    for (const auto& [name, count] : counts_) std::cout << "  " << count << " x " << name << '\n';
  }

 private:
  struct step {
    std::string name;
    std::function<void(harness&)> fault;
  };

  void play() {
    const int connections = at_.connections;
    const auto awaited = emit();
    pass_time();
    const int faults = 1 + below(4);
    choose(endings(), [&](const step& ending) { ending.fault(at_); });
    for (int i = 1; i < faults; ++i) {
      choose(step_faults(), [&](const step& chosen) {
        at_.fault_at = at_.steps + static_cast<std::size_t>(below(6));
        at_.fault = chosen.fault;
      });
      wait_for([&] { return !at_.fault_at || at_.steps > *at_.fault_at; });
    }
    at_.fault_at.reset();
    at_.answers = true;
    at_.accepted = {"good", "better"};
    // Each fault costs an attempt at most, and a token that comes back another.
    judge("the faults");
    require(at_.connections - connections <= 2 * faults + 2, "more attempts than faults explain");
    const bool acknowledged = awaited && at_.machine.take_ack(*awaited);  // the connection stood, and it comes now
    require(at_.failed.size() == (awaited && !acknowledged ? 1u : 0u), "an emission was not answered exactly once");
  }

  // What ends an authenticated session.
  std::vector<step> endings() {
    std::vector<step> out{
        {"engine close", [](harness& to) { to.engine("1"); }},
        {"kick", [](harness& to) { to.engine("41"); }},
        {"silence", [](harness& to) { to.advance(46s); }},
        {"reconnect",
         [](harness& to) {
           to.machine.reconnect(to.at());
           to.settle();
         }},
        {"token refused", [](harness& to) { to.event("auth_error", R"({"message":"jwt expired"})"); }},
        {"another token", [](harness& to) { to.put_token(to.token == "good" ? "better" : "good"); }},
        {"logout and login",
         [](harness& to) {
           to.put_token(std::nullopt);
           to.advance(1min);
           to.put_token("good");
         }},
        {"unreadable token",
         [](harness& to) {
           to.without_token = cause::token_unreadable;
           to.put_token(std::nullopt);
           to.put_token("better");
           to.without_token = cause::token_missing;
         }},
        {"reload",
         [](harness& to) {
           options changed = plain_options();
           changed.path = to.machine.settings().path == "/socket.io/" ? "/other/" : "/socket.io/";
           to.machine.reconfigure(std::move(changed), connection_use::make_anew, to.at());
           to.settle();
         }},
    };
    for (const cause why : losses()) out.push_back(lost(why));
    return out;
  }

  // What may stand in the place of one of the server's answers.
  std::vector<step> step_faults() {
    std::vector<step> out{
        {"no answer", [](harness&) {}},
        {"no answer any more", [](harness& to) { to.answers = false; }},
        {"engine close", [](harness& to) { to.engine("1"); }},
        {"kick", [](harness& to) { to.engine("41"); }},
        {"open packet of garbage", [](harness& to) { to.engine("0{"); }},
        {"second open packet", [](harness& to) { to.engine(R"(0{"sid":"x","pingInterval":1,"pingTimeout":1})"); }},
        {"namespace refused", [](harness& to) { to.engine(R"(44{"message":"Invalid namespace"})"); }},
        {"CONNECT without sid", [](harness& to) { to.engine("40{}"); }},
        {"CONNECT twice",
         [](harness& to) {
           to.engine(R"(40{"sid":"t"})");
           to.engine(R"(40{"sid":"t"})");
         }},
        {"token refused", [](harness& to) { to.event("auth_error", R"({"message":"no"})"); }},
        {"answer unasked", [](harness& to) { to.event("auth_success", R"({"userId":7})"); }},
        {"no token is taken", [](harness& to) { to.accepted.clear(); }},
        {"reconnect", [](harness& to) { to.machine.reconnect(to.at()); }},
    };
    for (const cause why : losses()) out.push_back(lost(why));
    return out;
  }

  // Every end of a connection that comes from outside.
  static std::vector<cause> losses() {
    std::vector<cause> out;
    for (const cause_entry& one : cause_table()) {
      const bool retried = one.retry == retry_policy::normal || one.retry == retry_policy::slow;
      if (retried && one.value != cause::none) out.push_back(one.value);
    }
    return out;
  }

  static step lost(cause why) {
    return {"lost: " + std::string(to_string(why)), [why](harness& to) { to.lose(why); }};
  }

  void choose(const std::vector<step>& from, const std::function<void(const step&)>& play) {
    const step& chosen = from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
    ++counts_[chosen.name];
    where_ += ", " + chosen.name;
    play(chosen);
  }

  // The id of an emission whose acknowledgement is awaited, if there was one.
  std::optional<std::uint64_t> emit() {
    if (below(2) == 0) return std::nullopt;
    std::string out;
    const auto said = at_.machine.emit({"reservation_update", "[{}]", {}, true, 24h * 365}, out, at_.at());
    require(said.error == emit_error::none && said.id, "an emission was refused");
    return said.id;
  }

  // Healthy for a while, or only for a moment: the delays start afresh or grow on.
  void pass_time() {
    for (int pings = below(3); pings > 0; --pings) {
      at_.advance(std::chrono::milliseconds(below(25'000)));
      at_.engine("2");
    }
  }

  void wait_for(const std::function<bool()>& done) {
    const options& settings = at_.machine.settings();
    const auto until =
        at_.now + settings.reconnect.refused_max + settings.connect_timeout + settings.auth.timeout + 1min;
    for (int turns = 0; !done(); ++turns) {
      require(turns < 200, "it spins");
      const auto next = at_.machine.next_deadline();
      if (!next || *next > until) return;
      at_.advance_to_deadline();
    }
  }

  void judge(const std::string& after) {
    where_ += ", after " + after;
    const auto begun = at_.now;
    wait_for([&] { return at_.status().state == state::authenticated; });
    require(at_.status().state == state::authenticated, "not authenticated again");
    const options& settings = at_.machine.settings();
    const auto bound = settings.reconnect.refused_max + settings.connect_timeout + settings.auth.timeout + 46s;
    require(at_.now - begun <= bound, "it took longer than the policy allows");
    require(at_.rooms == std::set<std::string>{"user-7", "shop-1", "admin-general"}, "a room is missing");
    require(!at_.status().next_attempt, "an attempt is announced while authenticated");
  }

  void forget() {
    at_.sent.clear();
    at_.reports.clear();
    at_.failed.clear();
    at_.notes.clear();
    at_.closes.clear();
    at_.over.clear();
  }

  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  void require(bool condition, const char* what) const {
    if (condition) return;
    std::cerr << "session_rounds: " << where_ << ": " << what << "; it is " << to_string(at_.status().state) << ", "
              << at_.status().text << '\n';
    std::exit(1);
  }

  std::mt19937_64 random_;
  harness at_;
  std::string where_ = "the start";
  std::map<std::string, unsigned> counts_;
};

}  // namespace

int main(int argc, char** argv) {
  const unsigned rounds = argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : 10'000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : std::random_device{}();
  std::cout << "session_rounds: " << rounds << " rounds on simulated time, seed " << seed << std::endl;
  campaign(seed).run(rounds);
  std::cout << "session_rounds: all survived\n";
}
