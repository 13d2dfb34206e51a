import pytest

from sandbox.arm.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("processing_seconds", 3),
        ("processing_seconds", 0.5),
        ("duplicates", "reject"),
        ("all_or_nothing", True),
        ("result_shape", "by-order"),
        ("status_partial", 200),
        ("forget_after_seconds", 60),
        ("forget_after_seconds", None),
    ],
)
def test_a_setting_can_be_changed(name: str, value: object) -> None:
    settings = Settings(forget_after_seconds=1)

    settings.change({name: value})

    assert settings.as_json()[name] == value


def test_a_list_becomes_a_set() -> None:
    settings = Settings()

    settings.change({"failing_customers": ["2", "1", "2"]})

    assert settings.failing_customers == {"1", "2"}
    assert settings.as_json()["failing_customers"] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("processing_seconds", "3"),
        ("processing_seconds", True),
        ("processing_seconds", None),
        ("processing_seconds", -1),
        ("processing_seconds", float("nan")),
        ("processing_seconds", float("inf")),
        ("duplicates", "ignore"),
        ("all_or_nothing", 1),
        ("failing_customers", [1]),
        ("failing_customers", "1"),
        ("result_shape", ""),
        ("result_shape", []),
        ("status_partial", 206.5),
        ("change", None),
        ("colour", "red"),
    ],
)
def test_other_values_and_names_are_not_accepted(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Settings().change({name: value})


def test_all_changes_are_made_or_none() -> None:
    settings = Settings()

    with pytest.raises(ValueError, match="colour"):
        settings.change({"all_or_nothing": True, "colour": "red"})

    assert settings == Settings()
