"""The folder with everything that the probe saw. It is written after every step, so that an interruption loses none."""

import json
from pathlib import Path
from typing import Final

from desk.probe.seen import Finding, Findings
from desk.problems import Problem

FILE: Final = "seen.json"


class Record:
    """Findings in a folder."""

    def __init__(self, folder: Path, run: str, host: str) -> None:
        """Open the folder, or begin one for a new run against the host.

        Raises:
            Problem: it cannot be used, or holds what was seen of another host.
        """
        self._file = folder / FILE
        self.findings = Findings(run, host)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._file.exists():
                self._read(host)
        except OSError as error:
            raise Problem(f"{folder} cannot be used: {error.strerror}") from None

    def _read(self, host: str) -> None:
        try:
            values = json.loads(self._file.read_text("utf-8"))
            steps = {finding["step"]: Finding.from_json(finding) for finding in values["steps"]}
            self.findings = Findings(values["run"], values["host"], steps)
        except (ValueError, KeyError, TypeError):
            raise Problem(f"{self._file} does not hold what a probe saw; name another folder") from None
        if self.findings.host != host:
            raise Problem(f"{self._file} holds what was seen of {self.findings.host}; name another folder")

    def write(self, name: str, text: str) -> None:
        """Write a file of the folder.

        Raises:
            Problem: it cannot be written.
        """
        file = self._file.parent / name
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_text(text, "utf-8")
        except OSError as error:
            raise Problem(f"{file} cannot be written: {error.strerror}") from None

    def write_answers(self) -> None:
        """Write the body of each answer to a file of its own, for `relay contract explain`.

        Raises:
            Problem: one cannot be written.
        """
        for finding in self.findings.by_step.values():
            for name, seen in finding.files:
                self.write(name, f"{seen.body}\n")

    def keep(self, finding: Finding) -> None:
        """Keep what a step found."""
        self.findings.by_step[finding.step] = finding
        values = {
            "run": self.findings.run,
            "host": self.findings.host,
            "steps": [found.as_json() for found in self.findings.by_step.values()],
        }
        self._file.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")
