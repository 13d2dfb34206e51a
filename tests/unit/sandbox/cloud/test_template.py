from pathlib import Path

from sandbox.cloud.template import parameter_names


def test_the_names_of_the_parameters_are_read_past_cloudformations_short_forms(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Parameters: {One: {Type: String}, Two: {}}\nOutputs: {A: !Ref One, B: !Sub [x, {y: !Ref Z}]}")

    assert parameter_names(template) == {"One", "Two"}


def test_a_template_may_have_no_parameters(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {}")

    assert parameter_names(template) == frozenset()
