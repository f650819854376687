# SPDX-License-Identifier: MIT
"""The demo's front desk of shop 12: what a program of a shop does with the Python client.

usage: front_desk.py SOCKET
"""

import sys

from roombridge import Client, Event, Gap, RoombridgeError, Status, booking

TOASTS = {
    "confirmed": "예약이 확정되었습니다!",
    "cancelled": "예약이 취소되었습니다.",
    "modified": "예약이 변경되었습니다.",
    "completed": "서비스가 완료되었습니다.",
}
LABELS = {"authenticated": "실시간 연결", "connected": "연결 중...", "offline": "오프라인"}


def describe(event: Event) -> str:
    what = booking.parse(event)
    if isinstance(what, booking.ReservationUpdate):
        data = what.fields.get("data")
        data = data if isinstance(data, dict) else {}
        line = f"reservation {what.reservation_id} {what.update_type}: {data.get('customer')}, {data.get('service')}, {data.get('time')}"
        toast = TOASTS.get(what.update_type)
        return f"{line}  [예약 알림: {toast}]" if toast else line
    if isinstance(what, booking.Notification):
        return f"notification  [{what.title}: {what.body}]"
    if isinstance(what, booking.ParseFailure):
        return what.text
    return event.name


def main() -> None:
    with Client(sys.argv[1], name="front desk of shop 12") as bridge:
        bridge.subscribe(events=["reservation_update"], topics=["shop-12"])
        bridge.subscribe(events=["notification"])
        for message in bridge.messages():
            if isinstance(message, Event):
                print(describe(message), flush=True)
            elif isinstance(message, Status):
                print(f"status: {message.state}  [{LABELS[message.summary]}]", flush=True)
            elif isinstance(message, Gap):
                print(f"gap ({message.reason}): events may be missing", flush=True)


if __name__ == "__main__":
    try:
        main()
    except RoombridgeError as error:
        sys.exit(str(error))
