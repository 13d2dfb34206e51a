"""In a working copy of git made for the test."""

import subprocess
from pathlib import Path

import pytest

from tools.release import cut, source
from tools.release.__main__ import naming
from tools.release.project import version
from tools.release.source import UnfitSource

CHANGELOG = f"# Changelog\n\n## [Unreleased]\n\n## [{version()}] - 2026-11-27\n\n- First.\n"


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)  # noqa: S603, S607 (of this test)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    files = {"template.yaml": "a", "functions/app.py": "a", "CHANGELOG.md": CHANGELOG, ".gitignore": "*.json\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "releases" / version()).mkdir(parents=True)
    source.keep_digest(tmp_path, tmp_path / "releases", version())
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    return tmp_path


def test_a_commit_is_released_as_the_projects_version(copy: Path) -> None:
    named = naming(copy, is_try=False)

    assert (named.version, named.notes) == (version(), "- First.")


def test_a_changed_file_is_refused_and_a_try_says_so(copy: Path) -> None:
    (copy / "template.yaml").write_text("b")

    with pytest.raises(UnfitSource, match=r"not as they were committed: template\.yaml"):
        naming(copy, is_try=False)
    assert naming(copy, is_try=True).version == f"{version()}+{source.name(copy)}"
    assert source.name(copy).endswith(".changed")


def test_sources_that_changed_after_the_cut_are_refused(copy: Path) -> None:
    (copy / "functions" / "app.py").write_text("b")
    git(copy, "commit", "--all", "--quiet", "--message", "Second")

    with pytest.raises(UnfitSource, match=r"not those that .* was cut from"):
        naming(copy, is_try=False)
    assert naming(copy, is_try=True).version == f"{version()}+{source.name(copy)}"


@pytest.mark.parametrize("annotated", [[], ["--annotate", "--message", "A release"]])
def test_a_version_is_the_commit_of_its_tag(copy: Path, annotated: list[str]) -> None:
    git(copy, "tag", f"v{version()}", *annotated)
    assert naming(copy, is_try=False).version == version()

    (copy / "README.md").write_text("Later")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "Second")

    with pytest.raises(UnfitSource, match=f"the tag v{version()} names another commit"):
        naming(copy, is_try=False)


def test_a_version_that_has_a_tag_is_not_cut_again(copy: Path) -> None:
    cut.check(version(), copy)
    git(copy, "tag", f"v{version()}")

    with pytest.raises(cut.NotCut, match="has a tag"):
        cut.check(version(), copy)


@pytest.mark.parametrize("name", ["stray.py", "ignored.json"])
@pytest.mark.parametrize("is_try", [True, False])
def test_a_file_among_the_sources_that_git_does_not_list_is_refused(copy: Path, name: str, is_try: bool) -> None:  # noqa: FBT001 (a parameter)
    (copy / "functions" / name).write_text("{}")

    with pytest.raises(UnfitSource, match=f"git does not know these files among the sources: functions/{name}"):
        naming(copy, is_try=is_try)


def test_bytecode_and_files_elsewhere_do_not_matter(copy: Path) -> None:
    (copy / "functions" / "__pycache__").mkdir()
    (copy / "functions" / "__pycache__" / "app.cpython-313.pyc").write_bytes(b"")
    (copy / "notes.txt").write_text("mine")

    assert naming(copy, is_try=False).version == version()


def test_something_unreleased_is_refused_and_is_the_notes_of_a_try(copy: Path) -> None:
    text = CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n- Second.\n")
    (copy / "CHANGELOG.md").write_text(text)
    git(copy, "commit", "--all", "--quiet", "--message", "Second")

    with pytest.raises(UnfitSource, match="unreleased"):
        naming(copy, is_try=False)
    named = naming(copy, is_try=True)
    assert named.notes == "- Second."
    assert named.version == f"{version()}+{source.name(copy)}"
