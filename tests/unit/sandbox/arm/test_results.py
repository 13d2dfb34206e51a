from typing import Any, get_args

import pytest

from sandbox.arm.messages import Response
from sandbox.arm.results import SHAPES
from sandbox.arm.settings import ResultShape
from tests.support.arm_builders import Simulator, a_document, a_simulator, content, three_documents


def processed(simulator: Simulator, *documents: dict[str, object]) -> Response:
    uuid = simulator.submit(*documents)
    simulator.clock.sleep(1)
    return simulator.result(uuid)


def shaped(shape: ResultShape, *failing: str) -> Response:
    simulator = a_simulator()
    simulator.settings.result_shape = shape
    simulator.settings.failing_documents = set(failing)
    return processed(simulator, *three_documents())


def words(response: Response) -> list[Any]:
    return [entry["result"] for entry in content(response)["documents"]]


def test_every_shape_that_can_be_chosen_exists() -> None:
    assert set(get_args(ResultShape.__value__)) == set(SHAPES)


def test_a_queued_batch_is_pending() -> None:
    simulator = a_simulator()

    response = simulator.result(simulator.submit())

    assert response.status == 202
    assert content(response) == {
        "status": "NOT-PROCESSED",
        "result": "PENDING",
        "message": "Document batch not processed yet",
        "batchUuid": "AAAAAAAAAAAAAAAAAAAAAQ",
    }


def test_a_good_batch_is_done() -> None:
    response = processed(a_simulator())

    assert response.status == 200
    assert content(response) == {
        "status": "PROCESSED",
        "result": "OK",
        "message": "Document batch processed",
        "batchUuid": "AAAAAAAAAAAAAAAAAAAAAQ",
        "documents": [
            {
                "documentNo": "88776655",
                "salesOrderId": "B-0564311",
                "status": "PROCESSED",
                "result": "OK",
                "message": "Document created",
            }
        ],
    }


def test_some_failed_documents_are_a_partial_success() -> None:
    response = shaped("per-document", "A2")

    assert (response.status, content(response)["result"]) == (206, "PARTIAL")
    assert words(response) == ["OK", "FAILED", "OK"]


def test_only_failed_documents_are_a_rejection() -> None:
    response = shaped("per-document", "A1", "A2", "A3")

    assert (response.status, content(response)["resultType"]) == (406, "BATCH-REJECTED")
    assert words(response) == ["FAILED", "FAILED", "FAILED"]


def test_all_or_nothing_names_those_that_fell_with_the_batch() -> None:
    simulator = a_simulator()
    simulator.settings.all_or_nothing = True
    simulator.settings.failing_documents = {"A2"}

    response = processed(simulator, *three_documents())

    assert (response.status, content(response)["result"]) == (406, "FAILED")
    kinds = [entry.get("resultType") for entry in content(response)["documents"]]
    assert kinds == ["BATCH-REJECTED", None, "BATCH-REJECTED"]


def test_a_number_that_arm_gave_is_in_the_result() -> None:
    response = processed(a_simulator(), a_document(documentNo=None))

    assert content(response)["documents"][0]["documentNo"] == "70000001"


@pytest.mark.parametrize(
    ("shape", "keys"),
    [
        ("per-document", {"documentNo", "salesOrderId", "status", "result", "message"}),
        ("by-order", {"salesOrderId", "status", "result", "message"}),
        ("by-position", {"status", "result", "message"}),
    ],
)
def test_entries_have_the_keys_of_the_shape(shape: ResultShape, keys: set[str]) -> None:
    response = shaped(shape, "A2")

    assert [set(entry) for entry in content(response)["documents"]] == [keys, keys, keys]
    assert (response.status, words(response)) == (206, ["OK", "FAILED", "OK"])


def test_a_whole_batch_has_no_entries() -> None:
    response = shaped("whole-batch", "A2")

    assert (response.status, set(content(response))) == (206, {"status", "result", "message", "batchUuid"})


def test_unknown_words_come_with_200() -> None:
    response = shaped("unknown-words", "A2")

    assert (response.status, content(response)["status"]) == (200, "ARCHIVED")
    assert words(response) == ["SEE-LEDGER-NOTE"] * 3


@pytest.mark.parametrize(
    ("failing", "expected"), [(["A1"], ["FAILED", "OK", "OK"]), ([], ["OK", "OK", "FAILED"])], ids=["true", "untrue"]
)
def test_a_contradictory_success_has_failed_entries(failing: list[str], expected: list[str]) -> None:
    response = shaped("contradictory", *failing)

    assert (response.status, content(response)["result"]) == (200, "OK")
    assert words(response) == expected


def test_a_result_that_is_not_json_is_a_page() -> None:
    response = shaped("not-json")

    assert (response.status, response.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_an_empty_result_has_no_body() -> None:
    response = shaped("empty")

    assert (response.status, response.body) == (200, b"")


def test_an_unknown_batch_is_not_found() -> None:
    assert a_simulator().result("8NlwdOIM1YLVFP9-WOwkYQ").status == 404


def test_a_result_may_be_forgotten_while_the_documents_stay() -> None:
    simulator = a_simulator()
    simulator.settings.forget_after_seconds = 60
    uuid = simulator.submit()

    simulator.clock.sleep(60.1)
    assert simulator.result(uuid).status == 200

    simulator.clock.sleep(0.2)
    assert simulator.result(uuid).status == 404
    assert simulator.get("documents/88776655").status == 200


@pytest.mark.parametrize(
    ("setting", "failing", "seconds"),
    [
        ("status_done", [], 1),
        ("status_partial", ["A1"], 1),
        ("status_rejected", ["A1", "A2", "A3"], 1),
        ("status_pending", [], 0),
    ],
)
def test_every_status_can_be_chosen(setting: str, failing: list[str], seconds: int) -> None:
    simulator = a_simulator()
    simulator.settings.change({setting: 299, "failing_documents": failing})
    uuid = simulator.submit(*three_documents())

    simulator.clock.sleep(seconds)

    assert simulator.result(uuid).status == 299


def test_the_status_of_an_unknown_batch_can_be_chosen() -> None:
    simulator = a_simulator()
    simulator.settings.status_unknown = 400

    assert simulator.result("8NlwdOIM1YLVFP9-WOwkYQ").status == 400
