# SPDX-License-Identifier: MIT
"""What is measured, and how it is shown: each function prints a table and returns its figures."""
from measure import Bench, Workload
from programs import Program
from programs.daemon import Daemon

# Title, subscribers, bytes that the source writes at a time, bytes on their way to the slowest subscriber, and the aim: how often the floor's CPU
# per delivery. A broker may have what is on its way once for each subscriber: less of it for a thousand.
SATURATED = [
    ("1 subscriber, each event written by itself", 1, 1, 2**20, 3.5),
    ("1 subscriber, 4 KiB at a time", 1, 4096, 2**20, 3.5),
    ("1 subscriber, 64 KiB at a time", 1, 65536, 2**20, 3.5),
    ("100 subscribers, 64 KiB at a time", 100, 65536, 2**20, 2),
    ("1,000 subscribers, 64 KiB at a time", 1000, 65536, 2**18, 1.8),
]
PACED = Workload("50 subscribers, 2,000 events/s", 50, ["--mode", "pace", "--rate", 2000])
CPU = "cpu_ns_per_delivery"
GIBIBYTE_OF_EVENTS = 2**30 // 256


def verdict(value: float, aim: float, text: str = "{:g}") -> str:
    return f"≤ {text.format(aim)}" + ("" if value <= aim else ", **missed**")


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def header(*cells: str) -> None:
    print()
    row(*cells)
    print("|" + "---|" * len(cells), flush=True)


def number(figures: dict | None, key: str) -> str:
    return "void" if figures is None else f"{figures[key]:,.0f}"


def saturated(bench: Bench, programs: list[Program]) -> list[dict]:
    header("saturated, 256 B payload: CPU ns per delivery", *(program.name for program in programs), "daemon : copier", "aim", "daemon, deliveries/s")
    report = []
    for title, subscribers, write, window, aim in SATURATED:
        work = Workload(title, subscribers, ["--write", write, "--window", window])
        figures = dict(zip((program.name for program in programs), bench.medians(*((program, work) for program in programs))))
        cells = [number(figures[program.name], CPU) for program in programs]
        if figures.get("daemon") and figures.get("copier"):
            ratio = figures["daemon"][CPU] / figures["copier"][CPU]
            cells += [f"{ratio:.2f}", verdict(ratio, aim), number(figures["daemon"], "deliveries_per_second")]
        row(title, *cells)
        report.append({"title": title, "aim": aim, "programs": figures})
    return report


def paced(bench: Bench, programs: list[Program]) -> dict:
    header(PACED.title, "CPU ns per delivery", "latency p50", "p99", "CPU : copier", "p50 : copier", "p99 : copier")
    figures = dict(zip((program.name for program in programs), bench.medians(*((program, PACED) for program in programs))))
    floor = figures.get("copier")
    for name, one in figures.items():
        if one is None:
            row(name, *["void"] * 6)
            continue
        ratios = [f"{one[key] / floor[key]:.2f}" if floor else "" for key in (CPU, "p50_us", "p99_us")]
        row(name, number(one, CPU), f"{one['p50_us']:.0f} µs", f"{one['p99_us']:.0f} µs", *ratios)
    row("aim for the daemon", "", "", "", "≤ 1.15", "≤ 1.2", "≤ 1.5")
    return {"title": PACED.title, "aim": 1.15, "programs": figures}


def of_the_daemon(bench: Bench, many: bool) -> dict:
    header("the daemon alone", "measured", "aim")
    report = {}
    if many:
        report["own_reservations"] = own_reservations(bench, 1000 if bench.quick else 10_000)
        report["idle"] = idle(bench, 1000 if bench.quick else 10_000)
    else:
        row("10,000 subscribers", "not measured: the limit of open files is too low", "")
    report["stopped"] = stopped(bench)
    report["flood"] = flood(bench, GIBIBYTE_OF_EVENTS // (64 if bench.quick else 1))
    report["journal"] = journal(bench)
    return report


def own_reservations(bench: Bench, count: int) -> dict:
    result = {}
    for mode, load in (("paced, 2,000 events/s", PACED.load), ("saturated", ["--write", 1])):
        work = [Workload(f"{mode}, {subscribers} own", subscribers, [*load, "--own"]) for subscribers in (1, count)]
        one, all_ = bench.medians(*((Daemon(), each) for each in work))
        ratio = all_[CPU] / one[CPU]
        row(f"{count:,} subscribers, each for its own reservation, {mode}: CPU per event",
            f"{number(all_, CPU)} ns; 1 subscriber {number(one, CPU)}; {ratio:.2f} times", verdict(ratio, 2))
        result[mode] = {"one": one, "all": all_, "ratio": ratio}
    return result


def idle(bench: Bench, count: int) -> dict:
    figures, = bench.medians((Daemon(), Workload("idle", count, ["--mode", "idle"])))
    before, more = figures["rss_anon_kib_before"] / 1024, (figures["rss_anon_kib"] - figures["rss_anon_kib_before"]) / 1024
    row("memory (RssAnon): authenticated, no subscriber, no event yet", f"{before:.1f} MiB", verdict(before, 4, "{:g} MiB"))
    row(f"memory: {count:,} idle subscribers", f"{more:.1f} MiB more", verdict(more, 30, "{:g} MiB"))
    return figures


def stopped(bench: Bench) -> dict:
    well, some = bench.medians(*((Daemon(), Workload(f"{count} stopped", 1000, ["--stopped", count])) for count in (0, 10)))
    rates = [figures["deliveries_per_second"] / healthy for figures, healthy in ((well, 1000), (some, 990))]
    kept, more = 100 * rates[1] / rates[0], (some["rss_anon_kib"] - some["rss_anon_kib_before"]) / 1024
    row("1,000 subscribers, 10 of them stopped: the rate of the others, who lose nothing", f"{kept:.0f} % of that without",
        "≥ 95 %" + ("" if kept >= 95 else ", **missed**"))
    row("memory meanwhile", f"{more:+.1f} MiB", "flat")
    return {"without": well, "with": some, "kept_percent": kept}


def flood(bench: Bench, events: int) -> dict:
    figures, = bench.medians((Daemon(), Workload("flood", 1, ["--events", events])))
    more = (figures["rss_anon_kib"] - figures["rss_anon_kib_before"]) / 1024
    row(f"memory: {events * 256 / 2**30:.2g} GiB of events through a log of 16 MiB", f"{more:+.1f} MiB", "flat")
    return figures


def journal(bench: Bench) -> dict:
    work = Workload("100 subscribers", 100)
    off, on = bench.medians((Daemon(), work), (Daemon(journal=True), work))
    ratio = on[CPU] / off[CPU]
    row("100 subscribers, saturated, journal with `sync: interval`: CPU per delivery",
        f"{number(on, CPU)} ns; without {number(off, CPU)}; {ratio:.2f} times", verdict(ratio, 1.3))
    return {"off": off, "on": on, "ratio": ratio}
