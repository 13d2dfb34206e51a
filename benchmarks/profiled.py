"""The process around a function whose time is told by package; like `worker`, it imports the standard library alone.

A line of JSON in: the events, the first of which warm it up. A line out: the seconds by package. What Python itself
does in C (reading JSON, matching a pattern, a socket) is counted for the package that calls it.
"""

import cProfile
import json
import os
import pstats
import sys
from pathlib import Path

import worker

#: How many of the events warm the function up.
WARM_UP = 20


def main():
    out = worker.answers_apart()
    handler = worker.handler_of_the_function()
    work = json.loads(sys.stdin.readline())
    for event in work["events"][:WARM_UP]:
        handler(event, worker.Context(work["seconds"]))
    profile = cProfile.Profile()
    profile.enable()
    for event in work["events"][WARM_UP:]:
        handler(event, worker.Context(work["seconds"]))
    profile.disable()
    print(json.dumps(by_package(pstats.Stats(profile).stats)), file=out, flush=True)


def by_package(stats):
    seconds = {}
    for (file, _, _), (_, _, own, _, callers) in stats.items():
        if file == "~":
            for (caller, _, _), (_, _, part, _) in callers.items():
                package = package_of(caller)
                seconds[package] = seconds.get(package, 0) + part
        else:
            package = package_of(file)
            seconds[package] = seconds.get(package, 0) + own
    return seconds


def package_of(file):
    for folder in sys.path:
        if folder and file.startswith(folder + os.sep):
            rest = file[len(folder) + 1 :]
            parts = Path(rest.removesuffix(".py")).parts
            return "/".join(parts[:2]) if parts[0] == "arm_relay" else parts[0]
    return "others"


if __name__ == "__main__":
    main()
