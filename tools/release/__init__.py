"""A release: what it holds, and what it must not break. `docs/releasing.md` shows the commands.

source          the commit that it is made of, and nothing beside it
archive         the zip that `sam deploy` takes, the same bytes on every build
sbom            the list of what is inside
changelog       CHANGELOG.md: its sections, and cutting one
contracts       what outsiders depend on, as files: kept for every release in `releases/`
stack_contract  of them, what template.yaml promises: parameters, outputs, what lasts, alarm names
signals         of them, the metrics and the attributes of messages, as the code sends them
schemas         what a JSON Schema no longer allows, or newly says
api_breaks      the same for the description of the API
stack_breaks    the same for template.yaml
breaks          the same for all of it, with words, signals and records
gate            fails where something breaks and CHANGELOG.md does not say so
cut             makes a version of what is unreleased
twice           makes it twice, and compares
"""

from typing import Final

#: The file with the checksums of all the others.
CHECKSUMS: Final = "SHA256SUMS"
