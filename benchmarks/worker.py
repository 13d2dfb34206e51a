"""The process around a function: runs its handler with the events it reads and reports what that took.

A line of JSON in: the events. A line out: the CPU time of the handler alone in seconds (all threads of the process),
the time passed, the statuses, the process's peak of memory in bytes, the modules loaded, whether garbage is collected,
the bytes logged so far.
Nothing but the standard library is imported here, so that nothing is there that the function has not asked for.
"""

import gc
import json
import os
import resource
import sys
import time
import uuid


class Context:
    """What the functions use of Lambda's context."""

    function_name = "function"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:eu-north-1:123456789012:function:function"
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]

    def __init__(self, seconds):
        self.aws_request_id = str(uuid.uuid4())
        self._ends = time.monotonic() + seconds

    def get_remaining_time_in_millis(self):
        return (self._ends - time.monotonic()) * 1000


def main():
    out = answers_apart()
    handler = handler_of_the_function()
    for line in sys.stdin:
        work = json.loads(line)
        cpu, wall = time.process_time(), time.monotonic()
        answers = [handler(event, Context(work["seconds"])) for event in work["events"]]
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        usage = {
            "cpu": cpu,
            "wall": wall,
            "statuses": [answer and answer["statusCode"] for answer in answers],
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "modules": sorted(sys.modules),
            "collects": gc.isenabled(),
            "logged": _logged(),
        }
        print(json.dumps(usage), file=out, flush=True)


def answers_apart():
    # What the function prints goes where Lambda's log would; ours goes where it was read from.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.memfd_create("log"), 1)
    return out


def _logged():
    sys.stdout.flush()
    return os.fstat(1).st_size


def handler_of_the_function():
    workers = os.environ.get("POLLER_WORKERS")
    if workers:
        from arm_relay.bootstrap import clients
        from botocore.config import Config

        clients.WORKERS = int(workers)
        clients.AWS = clients.AWS.merge(Config(max_pool_connections=int(workers) * 2))
    import app

    return app.handler


if __name__ == "__main__":
    main()
