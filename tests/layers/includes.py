#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks the direction of includes: who may include whom, as ARCHITECTURE.md has it.

usage: includes.py PROJECT_DIR

And that the pure folders stay pure, whatever their files include. Also that x.cpp includes x.hpp first: so the build itself proves that this header compiles alone. CMakeLists.txt beside this file
sees to the headers that have no x.cpp. Prints one line per violation; the status is 0 when there are none.
"""

import pathlib
import re
import sys

# A folder and what its files may include of ours, besides themselves. A file belongs to the longest folder that fits; an entry that
# ends with a slash stands for all folders below it.
ALLOWED = {
    "proto": [],
    "daemon/base": [],
    "daemon/upstream/wire": ["daemon/base", "proto"],
    "daemon/upstream": ["daemon/base", "proto", "daemon/upstream/wire"],
    "daemon/upstream/net": ["daemon/base", "proto", "daemon/upstream/wire", "daemon/upstream"],
    "daemon/upstream/transport": ["daemon/base", "proto", "daemon/upstream/wire", "daemon/upstream", "daemon/upstream/net"],
    "daemon/upstream/session": ["daemon/base", "proto", "daemon/upstream/wire", "daemon/upstream"],
    "daemon/upstream/token": ["daemon/base", "proto", "daemon/upstream"],
    "daemon/upstream/client": ["daemon/base", "proto", "daemon/upstream/"],
    "daemon/events": ["daemon/base"],
    "daemon/log": ["daemon/base", "proto"],
    "daemon/journal": ["daemon/base", "daemon/log", "proto"],
    "daemon/local": ["daemon/base", "daemon/log", "proto"],
    "daemon/config": ["daemon/base", "daemon/events", "daemon/journal", "daemon/local", "daemon/log", "daemon/upstream", "proto"],
    "daemon/service": ["daemon/", "proto"],
    "clients/cpp": ["proto"],
    "clients/ctl": ["clients/cpp", "proto"],
    "tests/upstream": ["daemon/base"],
    "tests": ["daemon/", "proto", "clients/", "tests/"],
}

# Folders without Asio, clocks, randomness and descriptors, neither in their own files nor in what these include of ours.
PURE = ["proto", "daemon/upstream/wire", "daemon/upstream/session", "daemon/events", "daemon/log"]
IMPURE = re.compile(
    r"""^\s*\#\s*include\s*<(boost/(?:asio|beast)[^>]*|(?:sys/(?!mman)|(?:arpa|netinet|linux)/)[^>]*|(?:unistd|fcntl|poll|netdb|pthread|signal)\.h
        |random|fstream|filesystem|thread|mutex|future|cstdlib|openssl/(?:rand|ssl)\.h)>
        |\b((?:steady|system|high_resolution)_clock::now|random_device|getenv|clock_gettime)\b""", re.MULTILINE | re.VERBOSE)

# Where the headers of <roombridge/…> are.
PUBLIC = ["proto/include", "clients/cpp/include"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(roombridge/[^>]+)>)', re.MULTILINE)
SUFFIXES = {".hpp", ".cpp", ".h", ".c"}


def inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def permits(entry: str, path: str) -> bool:
    return path.startswith(entry) if entry.endswith("/") else owner(path) == entry


def owner(path: str) -> str | None:
    return max((folder for folder in ALLOWED if inside(path, folder)), key=len, default=None)


def resolve(root: pathlib.Path, folder: pathlib.Path, include: str) -> pathlib.Path | None:
    """The file of ours that a file in `folder` includes so; nothing: there is none."""
    roots = [root / public for public in PUBLIC] if include.startswith("roombridge/") else [root, folder]
    candidates = [base / (include + suffix) for base in roots for suffix in ("", ".in")]
    return next((path for path in candidates if path.is_file()), None)


def own_header(path: pathlib.Path) -> pathlib.Path | None:
    """The header of a source file: beside it, or for src/x.cpp somewhere under include."""
    beside = path.with_suffix(".hpp")
    if beside.is_file():
        return beside
    return next(path.parent.with_name("include").rglob(beside.name), None) if path.parent.name == "src" else None


def check_file(root: pathlib.Path, path: pathlib.Path) -> list[str]:
    name = path.relative_to(root).as_posix()
    home = owner(name)
    if home is None:
        return [f"{name}: belongs to no layer; name its folder in tests/layers/includes.py"]
    faults = []
    targets = []
    for quoted, angled in INCLUDE.findall(path.read_text(encoding="utf-8")):
        target = resolve(root, path.parent, quoted or angled)
        targets.append(target)
        if target is None:
            faults.append(f"{name}: {quoted or angled} is no file of ours from the project root; others go in <>")
        elif not any(permits(entry, target.relative_to(root).as_posix()) for entry in [home, *ALLOWED[home]]):
            faults.append(f"{name}: {home} must not include {target.relative_to(root)}")
    header = own_header(path) if path.suffix == ".cpp" else None
    if header is not None and targets[:1] != [header]:
        faults.append(f"{name}: must include {header.relative_to(root)} before anything else of ours")
    return faults


def included(root: pathlib.Path, path: pathlib.Path) -> list[pathlib.Path]:
    found = [resolve(root, path.parent, quoted or angled) for quoted, angled in INCLUDE.findall(path.read_text(encoding="utf-8"))]
    return [target for target in found if target is not None]


def check_pure(root: pathlib.Path, path: pathlib.Path) -> list[str]:
    """What makes a file of a pure folder impure: in it, or in a header that it reaches."""
    way = {path: None}  # each file that is reached, and the one that includes it
    faults = []
    for file in way_of(root, way):
        for header, call in IMPURE.findall(file.read_text(encoding="utf-8")):
            steps = [file]
            while way[steps[-1]] is not None:
                steps.append(way[steps[-1]])
            names = " <- ".join(step.relative_to(root).as_posix() for step in steps)
            faults.append(f"{path.relative_to(root)}: is in a pure folder and reaches {header or call}: {names}")
    return faults


def way_of(root: pathlib.Path, way: dict[pathlib.Path, pathlib.Path | None]):
    """Each file in `way` and, breadth first, what they include; adds these to `way`."""
    waiting = list(way)
    while waiting:
        file = waiting.pop(0)
        yield file
        for target in included(root, file):
            if target not in way:
                way[target] = file
                waiting.append(target)


def main(root: pathlib.Path) -> int:
    files = [path for top in ("proto", "daemon", "clients", "tests") for path in sorted((root / top).rglob("*"))
             if path.suffix in SUFFIXES and "node_modules" not in path.parts]
    faults = [fault for path in files for fault in check_file(root, path)]
    faults += [fault for path in files if owner(path.relative_to(root).as_posix()) in PURE for fault in check_pure(root, path)]
    print(*faults, f"{len(files)} files, {len(faults)} faults", sep="\n")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
