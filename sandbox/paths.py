from pathlib import Path
from typing import Final

#: The repository: everything the sandbox starts is found from here.
ROOT: Final = Path(__file__).parent.parent

TEMPLATE: Final = ROOT / "template.yaml"
#: Everything that SAM writes; git ignores it.
SAM_STATE: Final = ROOT / ".aws-sam"
BUILD: Final = SAM_STATE / "build"

#: `make sandbox` writes its ready line to this file, for `python -m sandbox send`.
READY_FILE: Final = SAM_STATE / "ready.json"

#: SAM CLI and MiniStack live in environments of their own; `make setup` makes them.
SAM_TOOLS: Final = ROOT / ".tools" / "sam" / "bin"
MINISTACK_TOOLS: Final = ROOT / ".tools" / "ministack" / "bin"

#: Missing where it could not be fetched from the npm registry.
SWAGGER_UI: Final = ROOT / ".tools" / "swagger-ui"
