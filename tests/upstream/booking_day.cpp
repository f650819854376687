// SPDX-License-Identifier: MIT
#include "tests/upstream/booking_day.hpp"

#include <array>
#include <utility>

#include "tests/upstream/outgoing.hpp"

namespace test_upstream {
namespace {

struct customer {
  std::string_view user;
  std::string_view name;
};
struct service {
  std::string_view name;
  unsigned price;  // KRW
};

constexpr std::array<customer, 6> customers{{{"201", "김민지"},
                                             {"202", "이서준"},
                                             {"203", "Hannah Weber"},
                                             {"204", "박지우"},
                                             {"205", "Tom O'Neil"},
                                             {"206", "최수아"}}};
constexpr std::array<service, 5> services{
    {{"젤 네일", 45'000}, {"Haircut", 30'000}, {"헤어 컬러", 90'000}, {"Brow shaping", 25'000}, {"두피 케어", 60'000}}};
constexpr std::size_t busy = 6;  // open reservations that a day settles at

std::string pair(std::string_view name, std::string_view text) {
  return json_string(name) + ":" + json_string(text);
}

}  // namespace

booking_day::booking_day(std::uint64_t seed, std::vector<std::string> shops, std::string owner)
    : random_(seed), shops_(std::move(shops)), owner_(std::move(owner)) {}

happening booking_day::next(std::string_view timestamp) {
  while (pending_.empty()) {
    // The fewer are open the likelier a new one comes.
    if (draw(busy) >= open_.size()) {
      create();
    } else {
      progress(draw(open_.size()));
    }
  }
  auto next = std::move(pending_.front());
  pending_.pop_front();
  return {std::move(next.event), "[" + next.fields + "," + pair("timestamp", timestamp) + "}]", std::move(next.rooms)};
}

// The standard library's distributions differ between implementations; the slight bias of a remainder harms no demo.
unsigned booking_day::draw(std::size_t below) {
  return static_cast<unsigned>(random_() % below);
}

void booking_day::create() {
  // Drawn one by one, as the order in which an initialiser's calls run must not change the day.
  booking made{.number = ++last_number_, .shop = shops_[draw(shops_.size())], .customer = 0, .service = 0, .hour = 0};
  made.customer = draw(customers.size());
  made.service = draw(services.size());
  made.hour = 10 + draw(9);
  open_.push_back(made);
  update(made, "pending", "created");
  notify("reservation", "새 예약",
         std::string{customers[made.customer].name} + "님이 " + std::to_string(made.hour) + ":00 " +
             std::string{services[made.service].name} + " 예약을 요청했습니다.");
}

void booking_day::progress(std::size_t index) {
  auto& of = open_[index];
  const auto outcome = draw(10);
  if (!of.confirmed && outcome < 8) {
    of.confirmed = true;
    update(of, "confirmed", "confirmed");
    return pay(of, "paid");
  }
  if (of.confirmed && outcome < 3) {
    of.hour = 10 + (of.hour - 9) % 9;
    return update(of, "confirmed", "modified");
  }
  const auto ended = of;
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  if (ended.confirmed && outcome < 8) return update(ended, "completed", "completed");
  update(ended, "cancelled", "cancelled");
  if (ended.confirmed) pay(ended, "refunded");
  alert(ended);
}

void booking_day::update(const booking& of, std::string_view status, std::string_view update_type) {
  const auto id = std::to_string(of.number);
  const auto& who = customers[of.customer];
  const auto data = "{" + pair("customer", who.name) + "," + pair("service", services[of.service].name) + "," +
                    pair("time", std::to_string(of.hour) + ":00") + "}";
  pending_.push_back({"reservation_update",
                      "{" + pair("reservationId", id) + "," + pair("status", status) + "," + pair("shopId", of.shop) +
                          "," + pair("userId", who.user) + "," + pair("updateType", update_type) + ",\"data\":" + data,
                      {"reservation-" + id, "shop-" + of.shop, "user-" + std::string{who.user}, "admin-reservations"}});
}

void booking_day::pay(const booking& of, std::string_view status) {
  const auto id = std::to_string(of.number);
  pending_.push_back({"payment_update",
                      "{" + pair("paymentId", "P" + id) + "," + pair("reservationId", id) + "," +
                          pair("status", status) + ",\"amount\":" + std::to_string(services[of.service].price),
                      {"reservation-" + id, "shop-" + of.shop, "admin-payments"}});
  if (status == "paid") {
    notify("payment", "Payment received",
           std::to_string(services[of.service].price) + " KRW for reservation " + id + " at shop " + of.shop);
  }
}

void booking_day::notify(std::string_view type, std::string_view title, const std::string& body) {
  pending_.push_back({"notification", notice(type, title, body), {"user-" + owner_}});
}

void booking_day::alert(const booking& of) {
  const auto body = "reservation " + std::to_string(of.number) + " at shop " + of.shop + " was cancelled";
  pending_.push_back({"admin_notification", notice("cancellation", "Cancellation", body), {"admin-general"}});
}

std::string booking_day::notice(std::string_view type, std::string_view title, std::string_view body) {
  const auto id = "N" + std::to_string(++last_notice_);
  return "{" + pair("id", id) + "," + pair("type", type) + "," + pair("title", title) + "," + pair("body", body);
}

}  // namespace test_upstream
