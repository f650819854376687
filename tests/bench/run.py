#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures the daemon beside the raw copier, in interleaved rounds of one run, and prints the table that the README shows.

usage: run.py BIN_DIR [--rounds N] [--seconds S] [--json FILE] [--quick]

The measured program has one core for itself where the machine has two; the load (upstream and subscribers) has the other. A round is void, and the
run fails, when a subscriber gets a GAP.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
MEASURED_CORE, LOAD_CORE = (CORES[0], CORES[-1])

CONFIG = """\
upstream:
  url: http://127.0.0.1:{port}
  token: {{env: ROOMBRIDGE_BENCH_TOKEN}}
rooms:
  declared: [shop-42]
events:
  rules:
    reservation_update:
      topics: ["reservation-{{reservationId}}", "shop-{{shopId}}", "user-{{userId}}"]
      required: [reservationId, status, shopId, userId, updateType, timestamp]
local:
  socket: {socket}
logging:
  level: warning
"""


def start(core: int, command: list, **options) -> subprocess.Popen:
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], text=True, stdout=subprocess.PIPE, **options)


class Bench:
    def __init__(self, bin_dir: Path, seconds: float) -> None:
        self.bin_dir = bin_dir
        self.seconds = seconds

    def measured(self, target: str, folder: Path, port: str, subscribers: int) -> subprocess.Popen:
        socket = folder / "socket"
        if target == "copier":
            return start(MEASURED_CORE, [self.bin_dir / "tests/bench/raw_copier", port, socket, subscribers])
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(port=port, socket=socket))
        environment = {**os.environ, "ROOMBRIDGE_BENCH_TOKEN": "bench"}
        return start(MEASURED_CORE, [self.bin_dir / "daemon/service/roombridged", "--config", config], env=environment)

    def once(self, target: str, mode: str, subscribers: int, *extra: str) -> dict:
        """One measurement with fresh processes; load's JSON."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            load = start(LOAD_CORE, [self.bin_dir / "tests/bench/bench_load", "--target", target, "--mode", mode, "--socket", folder / "socket",
                                     "--subscribers", subscribers, "--seconds", self.seconds, *extra], stdin=subprocess.PIPE)
            program = self.measured(target, folder, load.stdout.readline().strip(), subscribers)
            try:
                if load.stdout.readline().strip() != "connected":
                    raise SystemExit(f"bench: {target} did not connect to the load")
                output, _ = load.communicate(f"{program.pid}\n", timeout=120)
                if load.returncode != 0:
                    raise SystemExit(f"bench: {target}, {mode}, {subscribers} subscribers: the round is void")
                return json.loads(output)
            finally:
                load.kill()
                program.terminate()
                program.communicate()

    def rounds(self, count: int, mode: str, subscribers: int, *extra: str) -> dict:
        """Interleaved: copier, daemon, copier, daemon, …; medians of each figure."""
        results = {"copier": [], "daemon": []}
        for _ in range(count):
            for target, list_ in results.items():
                list_.append(self.once(target, mode, subscribers, *extra))
        return {target: {key: statistics.median(one[key] for one in list_) for key in list_[0]} for target, list_ in results.items()}


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {len(CORES)} cores, {memory:.0f} GiB, Linux {platform.release()}"


def saturated_rows(bench: Bench, rounds: int, report: dict) -> None:
    print("| saturated, 256 B | deliveries/s, daemon | CPU ns per delivery: daemon | raw copier | ratio | aim |\n|---|---|---|---|---|---|")
    for subscribers, aim in ((1, "≤ 5"), (100, "≤ 3"), (1000, "–")):
        result = bench.rounds(rounds, "saturate", subscribers)
        daemon, copier = result["daemon"], result["copier"]
        ratio = daemon["cpu_ns_per_delivery"] / copier["cpu_ns_per_delivery"]
        report[f"saturated_{subscribers}"] = {**result, "ratio": ratio}
        print(f"| {subscribers} subscribers | {daemon['deliveries_per_second']:,.0f} | {daemon['cpu_ns_per_delivery']:,.0f} | "
              f"{copier['cpu_ns_per_delivery']:,.0f} | {ratio:.2f} | {aim} |", flush=True)


def paced_rows(bench: Bench, rounds: int, report: dict) -> None:
    result = bench.rounds(rounds, "pace", 50, "--rate", "2000")
    report["paced_50"] = result
    print("\n| 50 subscribers, 2,000 events/s | CPU ns per delivery | latency p50 | p99 | max |\n|---|---|---|---|---|")
    for target in ("daemon", "copier"):
        one = result[target]
        print(f"| {target} | {one['cpu_ns_per_delivery']:,.0f} | {one['p50_us']:.0f} µs | {one['p99_us']:.0f} µs | {one['max_us']:.0f} µs |")


def memory_rows(bench: Bench, report: dict) -> None:
    idle = bench.once("daemon", "idle", 1000)
    report["idle"] = idle
    more = idle["rss_anon_kib"] - idle["rss_anon_kib_before"]
    print("\n| memory (RssAnon) | measured | aim |\n|---|---|---|")
    print(f"| authenticated, no subscriber | {idle['rss_anon_kib_before'] / 1024:.1f} MiB | ≤ 4 MiB |")
    print(f"| 1,000 idle subscribers | {more / 1024:.1f} MiB more | ≤ 8 MiB more |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("bin_dir", type=Path, help="a build folder, best of the preset release")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=3)
    arguments.add_argument("--json", type=Path, help="write all figures here, too")
    arguments.add_argument("--quick", action="store_true", help="one short round: does it run at all?")
    options = arguments.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.5
    bench = Bench(options.bin_dir.resolve(), options.seconds)
    report = {"machine": machine(), "rounds": options.rounds, "seconds": options.seconds}
    print(f"{report['machine']}; medians of {options.rounds} interleaved rounds of {options.seconds:g} s\n")
    saturated_rows(bench, options.rounds, report)
    paced_rows(bench, options.rounds, report)
    memory_rows(bench, report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
