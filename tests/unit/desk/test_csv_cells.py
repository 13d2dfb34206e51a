import pytest

from desk.csv_cells import cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\xa0=1", "\uff1d1", "\uff0b", "-"]
)
def test_a_text_that_a_spreadsheet_would_compute_is_marked(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["2218", "-1.50", "-1,50", "IN", "a=b", "", 3, -3])
def test_everything_else_stays(value: str | int) -> None:
    assert cell(value) == value
