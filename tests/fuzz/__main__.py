"""Run mutated documents through every command: ``python -m tests.fuzz [--cases N] [--first SEED] [--seconds S]``.

Each failure is printed with its seed; ``python -m tests.fuzz --show SEED`` runs it again and shows what it is.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from tests.fuzz.cases import CORPUS, Case, case
from tests.fuzz.running import Outcome, directory, outcome

#: A case that no signal ends.
_HANGS_AFTER = 120.0


def main() -> int:
    """1 where a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many cases [100000]")
    parser.add_argument("--first", type=int, default=0, help="the first seed [0]")
    parser.add_argument("--seconds", type=float, default=3_600, help="end after this time, whatever is left [3600]")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="real documents; the examples alone without it")
    parser.add_argument("--show", type=int, metavar="SEED", help="run one case, and keep its files")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="where --show keeps them [build/fuzz/SEED]")
    given = parser.parse_args()
    prepare()
    if given.show is not None:
        return _show(case(given.show, given.corpus), given.keep or Path("build/fuzz", str(given.show)))
    seeds = range(given.first, given.first + given.cases)
    print(f"{given.cases} cases from seed {given.first}, corpus: {given.corpus if given.corpus.is_dir() else 'none'}")
    began, codes, failed = time.monotonic(), Counter[int](), dict[str, list[int]]()
    slowest, done = 0.0, 0
    for one in outcomes(seeds, given.corpus, given.seconds):
        codes[one.code] += 1
        done += 1
        slowest = max(slowest, one.seconds)
        if done % 10_000 == 0:
            print(f"{done} cases after {time.monotonic() - began:.0f} s", flush=True)
        for fault in one.faults:
            kind = fault.partition(": ")[0] if fault.startswith("writes") else fault.rpartition(": ")[0] or fault
            if kind not in failed:
                print(f"seed {one.seed}: {fault}", flush=True)
            failed.setdefault(kind, []).append(one.seed)
    print(f"{done} of {given.cases} cases in {time.monotonic() - began:.0f} s, the slowest took {slowest:.1f} s;")
    print("  exit codes: " + ", ".join(f"{code}: {count}" for code, count in sorted(codes.items())))
    for kind, places in sorted(failed.items(), key=lambda item: -len(item[1])):
        print(f"{len(places):>6} x {kind}\n         python -m tests.fuzz --show {places[0]}")
    return int(bool(failed))


def prepare() -> None:
    """Nothing of the caller's account is asked, waiting takes no time, and what is imported stays."""
    import cfnroles.aws.secret_validator
    from tests.clock import WoundClock

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HTTPS_PROXY": "",
        "HTTP_PROXY": "",
    }
    cfnroles.aws.secret_validator.CLOCK = WoundClock()
    time.sleep = lambda _seconds: None
    gc.freeze()


def outcomes(seeds: range, corpus: Path, seconds: float) -> Iterator[Outcome]:
    """The outcome of each seed, from as many processes as this machine has processors."""
    count = min(os.cpu_count() or 1, len(seeds))
    workers = [_started(seeds[number::count], corpus) for number in range(count)]
    end = time.monotonic() + seconds
    try:
        while workers and time.monotonic() < end:
            ready, _, _ = select.select([pipe for _, pipe in workers], [], [], _HANGS_AFTER)
            if not ready:
                raise TimeoutError(f"no case has ended for {_HANGS_AFTER:g} s")
            for pid, pipe in [worker for worker in workers if worker[1] in ready]:
                line = pipe.readline()
                if line:
                    yield msgspec.json.decode(line, type=Outcome)
                    continue
                workers.remove((pid, pipe))
                pipe.close()
                if code := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
                    yield Outcome(-1, code, 0.0, (f"a worker ended with {code}",))
    finally:
        for pid, pipe in workers:
            pipe.close()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _started(seeds: range, corpus: Path) -> tuple[int, IO[bytes]]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, os.fdopen(reading, "rb", 0)
    with directory() as folder, os.fdopen(writing, "wb", 0) as pipe:
        for seed in seeds:
            pipe.write(msgspec.json.encode(outcome(case(seed, corpus), folder)) + b"\n")
    os._exit(0)


def _show(one: Case, kept: Path) -> int:
    kept = kept.resolve()
    kept.mkdir(parents=True, exist_ok=True)
    ended = outcome(one, kept)
    print(f"in {kept}: cfnroles {shlex.join(one.arguments)}\nended with {ended.code} after {ended.seconds:.1f} s")
    print(*ended.faults or ("nothing is wrong with that",), sep="\n")
    return int(bool(ended.faults))


if __name__ == "__main__":
    sys.exit(main())
