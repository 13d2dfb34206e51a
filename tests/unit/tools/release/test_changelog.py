from datetime import date

import pytest

from tools.release import changelog

TEXT = """# Changelog

What changes.

## [Unreleased]

### Senders

- **Breaking:** `quantity` is a text
  now.
- `unit` is shorter.

### Operators

- A new alarm.

## [0.1.0] - 2026-03-01

### Senders

- The first release.
"""
DAY = date(2026, 4, 1)


def test_a_section_ends_where_the_next_one_begins() -> None:
    assert changelog.section(TEXT, "0.1.0") == "### Senders\n\n- The first release."
    assert changelog.section(TEXT, "Unreleased").endswith("- A new alarm.")


def test_a_missing_section_is_reported() -> None:
    with pytest.raises(changelog.NoSuchSection, match=r"0\.3\.0"):
        changelog.section(TEXT, "0.3.0")


def test_a_version_has_a_day_and_what_is_unreleased_has_none() -> None:
    assert changelog.day(TEXT, "0.1.0") == date(2026, 3, 1)
    with pytest.raises(changelog.NoSuchSection):
        changelog.day(TEXT, "Unreleased")


def test_only_an_entry_with_the_mark_says_that_its_subject_breaks() -> None:
    unreleased = changelog.section(TEXT, "Unreleased")

    assert changelog.says_breaks(unreleased, "quantity")
    assert not changelog.says_breaks(unreleased, "unit")
    assert not changelog.says_breaks(unreleased, "now")


def test_entries_over_several_lines_are_one() -> None:
    assert changelog.entries(changelog.section(TEXT, "Unreleased"))[0] == "**Breaking:** `quantity` is a text now."


def test_cutting_gives_what_was_unreleased_to_the_version() -> None:
    after = changelog.cut(TEXT, "0.2.0", DAY)

    assert changelog.section(after, "Unreleased") == ""
    assert changelog.section(after, "0.2.0") == changelog.section(TEXT, "Unreleased")
    assert changelog.section(after, "0.1.0") == changelog.section(TEXT, "0.1.0")
    assert changelog.versions(after) == ["0.2.0", "0.1.0"]
    assert changelog.day(after, "0.2.0") == DAY
    assert after.startswith("# Changelog\n\nWhat changes.\n\n## [Unreleased]\n\n## [0.2.0] - 2026-04-01\n\n### Senders")
    assert after.endswith("- The first release.\n")


def test_a_version_that_is_cut_again_gets_the_new_entries_in_its_groups() -> None:
    after = changelog.cut(TEXT, "0.1.0", DAY)

    assert changelog.section(after, "Unreleased") == ""
    assert changelog.section(after, "0.1.0") == (
        "### Senders\n\n- The first release.\n- **Breaking:** `quantity` is a text\n  now.\n- `unit` is shorter."
        "\n\n### Operators\n\n- A new alarm."
    )
    assert changelog.versions(after) == ["0.1.0"]
    assert changelog.day(after, "0.1.0") == DAY


def test_nothing_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="nothing is unreleased"):
        changelog.cut(changelog.cut(TEXT, "0.2.0", DAY), "0.3.0", DAY)
