from pathlib import Path
from typing import Final

#: The repository: everything the sandbox starts is found from here.
ROOT: Final = Path(__file__).parent.parent

TEMPLATE: Final = ROOT / "template.yaml"
#: Everything SAM leaves behind, ignored by git.
SAM_STATE: Final = ROOT / ".aws-sam"
BUILD: Final = SAM_STATE / "build"
BUILT_TEMPLATE: Final = BUILD / "template.yaml"

#: Where `make sandbox` leaves its ready line, for `python -m sandbox send`.
READY_FILE: Final = SAM_STATE / "ready.json"

#: SAM CLI and MiniStack live in environments of their own; `make setup` makes them.
SAM_TOOLS: Final = ROOT / ".tools" / "sam" / "bin"
MINISTACK_TOOLS: Final = ROOT / ".tools" / "ministack" / "bin"

#: Not there where npm is missing: then the page that shows the API's description stays empty.
SWAGGER_UI: Final = ROOT / ".tools" / "swagger-ui"
