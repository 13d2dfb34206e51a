"""`make newest`: build every client of the functions with the botocore that is installed here, in the fast way alone.

Lambda chooses botocore's version, and `arm_relay.bootstrap.botocore_loader` overrides internal parts of it. Where those
have changed, the relay falls back to a slower way and no other test notices.
"""

import os
import sys
from typing import Any, Final, override

import botocore
from arm_relay.bootstrap.botocore_loader import Models, PlainJson, fast_client
from arm_relay.bootstrap.clients import AWS

#: Building a client reads these, so that it looks for no profile, file or metadata service.
ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "eu-north-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
}


class Watched(PlainJson):
    """Remembers which of botocore's files were read in the fast way."""

    read: Final[list[str]] = []

    @override
    def load_file(self, file_path: str) -> Any:
        content = super().load_file(file_path)
        if content is not None:
            self.read.append(file_path)
        return content


def main() -> int:
    """Build the clients. The exit code is 1 if botocore no longer reads its files through the fast loader."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ |= ENVIRONMENT
    Models.FILE_LOADER_CLASS = Watched
    services = Models().list_available_services("service-2")
    for service in services:
        fast_client(service, AWS)
    slow = [service for service in services if not any(f"/{service}/" in path for path in Watched.read)]
    if slow:
        print(f"botocore {botocore.__version__} does not use the fast loader for {', '.join(slow)}")
        return 1
    print(f"botocore {botocore.__version__}: the fast loader builds the clients of {', '.join(services)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
