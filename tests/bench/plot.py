# SPDX-License-Identifier: MIT
"""The plot: for each workload how often each program takes the copier's CPU per delivery, on a logarithmic scale."""
import math
from html import escape

COLOURS = {"copier": "#8c8c8c", "daemon": "#d1495b", "nats": "#2e86ab", "redis": "#a23b72", "node": "#4f9d4f", "mosquitto": "#e09f3e"}
LABELS = {"copier": "raw copier", "daemon": "roombridged", "nats": "nats-server", "redis": "redis", "node": "Node bridge", "mosquitto": "mosquitto"}
WIDTH, LEFT, RIGHT, TOP, BAR, SPACE, TITLE = 900, 110, 70, 64, 15, 16, 20


def plot(report: dict) -> str:
    groups = [group for group in [*report["saturated"], report["paced"]] if group["programs"].get("copier")]
    ratios = [[(name, one["cpu_ns_per_delivery"] / group["programs"]["copier"]["cpu_ns_per_delivery"]) for name, one in group["programs"].items() if one]
              for group in groups]
    most = 10 ** math.ceil(math.log10(max((ratio for group in ratios for _, ratio in group), default=1) * 1.05))
    decades = max(1, round(math.log10(most)))
    floor = 10 ** math.floor(math.log10(min((ratio for group in ratios for _, ratio in group), default=1)))

    def x(ratio: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(max(ratio, floor) / floor) / (math.log10(most / floor) or decades)

    height = TOP + sum(TITLE + BAR * len(group) + SPACE for group in ratios) + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           text(16, 24, "CPU per delivery, as a multiple of the raw copier's (logarithmic; shorter is better)", size=15),
           text(16, 42, f"{report['machine']}; medians of rounds: {report['rounds']}", fill="#666")]
    for power in range(round(math.log10(floor)), round(math.log10(most)) + 1):
        at = x(10 ** power)
        out.append(f'<line x1="{at:.1f}" y1="{TOP - 8}" x2="{at:.1f}" y2="{height - 24}" stroke="{"#999" if power == 0 else "#ddd"}"/>')
        out.append(text(at, height - 8, f"{10.0 ** power:g}×", anchor="middle", fill="#666"))
    y = TOP
    for group, bars in zip(groups, ratios):
        out.append(text(LEFT, y + 13, group["title"], weight="bold"))
        y += TITLE
        for name, ratio in bars:
            end = x(ratio)
            begin = min(x(1), end)
            out.append(text(LEFT - 8, y + 11, LABELS[name], anchor="end"))
            out.append(f'<rect x="{begin:.1f}" y="{y + 2}" width="{max(abs(end - x(1)), 1.5):.1f}" height="{BAR - 4}" fill="{COLOURS[name]}"/>')
            out.append(text(max(end, x(1)) + 5, y + 11, f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}", fill="#333"))
            y += BAR
        y += SPACE
    return "\n".join([*out, "</svg>", ""])


def text(x: float, y: float, what: str, *, anchor: str = "start", size: int = 12, fill: str = "black", weight: str = "normal") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}" font-weight="{weight}">'
            f"{escape(what)}</text>")
