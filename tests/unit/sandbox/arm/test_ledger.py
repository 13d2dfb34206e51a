from sandbox.arm.ledger import Ledger, short_uuid
from sandbox.arm.settings import Settings
from tests.support.arm_builders import Clock, a_document, a_payload, three_documents, uuids


def a_ledger(settings: Settings | None = None, clock: Clock | None = None) -> Ledger:
    return Ledger((clock or Clock()).now, uuids(), settings or Settings())


def results(ledger: Ledger) -> list[str]:
    return [outcome.result for outcome in ledger.batches[-1].outcomes]


def test_a_uuid_has_22_characters_of_base64url() -> None:
    assert short_uuid(bytes.fromhex("f0d970748d0cd5854f14ff7ef96c2451")) == "8NlwdI0M1YVPFP9--WwkUQ"


def test_a_batch_keeps_its_payload_and_its_raw_body() -> None:
    ledger = a_ledger()

    uuid = ledger.accept("2218", a_payload(), b"as received")

    batch = ledger.batch("2218", uuid)
    assert batch
    assert (batch.payload, batch.raw) == (a_payload(), b"as received")


def test_a_batch_is_not_another_clients() -> None:
    ledger = a_ledger()

    uuid = ledger.accept("2218", a_payload())

    assert ledger.batch("2219", uuid) is None


def test_a_batch_uuid_is_case_sensitive() -> None:
    ledger = a_ledger()

    uuid = ledger.accept("2218", a_payload())

    assert ledger.batch("2218", uuid.lower()) is None


def test_a_document_is_not_found_while_its_batch_is_queued() -> None:
    clock = Clock()
    ledger = a_ledger(Settings(processing_seconds=60), clock)
    ledger.accept("2218", a_payload())

    clock.sleep(59.9)
    assert ledger.document("2218", "88776655") is None

    clock.sleep(0.1)
    assert ledger.document("2218", "88776655") is not None


def test_a_queued_document_is_billed_all_the_same() -> None:
    ledger = a_ledger()

    ledger.accept("2218", a_payload())

    assert ledger.billed_by_number() == {("2218", "88776655"): 1}


def test_document_numbers_are_not_case_sensitive() -> None:
    ledger = a_ledger(Settings(processing_seconds=0))

    ledger.accept("2218", a_payload(a_document(documentNo="Ab1")))

    found = ledger.document("2218", "aB1")
    assert found
    assert found.document_no == "Ab1"


def test_a_document_is_not_another_clients() -> None:
    ledger = a_ledger(Settings(processing_seconds=0))

    ledger.accept("2218", a_payload())

    assert ledger.document("2219", "88776655") is None


def test_a_document_without_a_number_gets_one_of_the_series() -> None:
    ledger = a_ledger()

    ledger.accept("2218", a_payload(a_document(documentNo=None), a_document(documentNo="")))

    assert [document.document_no for document in ledger.documents] == ["70000001", "70000002"]


def test_the_series_leaves_out_numbers_in_use() -> None:
    ledger = a_ledger()

    ledger.accept("2218", a_payload(a_document(documentNo="70000001"), a_document(documentNo=None)))

    assert [document.document_no for document in ledger.documents] == ["70000001", "70000002"]


def test_a_repeated_number_bills_a_second_document() -> None:
    ledger = a_ledger()

    ledger.accept("2218", a_payload(a_document(documentNo="a1")))
    ledger.accept("2218", a_payload(a_document(documentNo="A1")))

    assert ledger.billed_by_number() == {("2218", "a1"): 2}
    assert ledger.billed_by_order() == {("2218", "B-0564311"): 2}


def test_a_repeated_number_can_be_made_to_fail() -> None:
    ledger = a_ledger(Settings(duplicates="reject"))
    ledger.accept("2218", a_payload(a_document(documentNo="a1")))

    ledger.accept("2218", a_payload(a_document(documentNo="A1"), a_document(documentNo="A2")))

    assert results(ledger) == ["failed", "created"]
    assert ledger.billed_by_number() == {("2218", "a1"): 1, ("2218", "a2"): 1}


def test_a_number_repeated_inside_a_batch_can_be_made_to_fail() -> None:
    ledger = a_ledger(Settings(duplicates="reject"))

    ledger.accept("2218", a_payload(a_document(documentNo="a1"), a_document(documentNo="A1")))

    assert results(ledger) == ["created", "failed"]


def test_several_documents_without_a_number_are_no_repetition() -> None:
    ledger = a_ledger(Settings(duplicates="reject"))

    ledger.accept("2218", a_payload(a_document(documentNo=None), a_document(documentNo=None)))

    assert results(ledger) == ["created", "created"]


def test_the_same_number_of_another_client_is_no_repetition() -> None:
    ledger = a_ledger(Settings(duplicates="reject"))
    ledger.accept("2218", a_payload())

    ledger.accept("2219", a_payload())

    assert results(ledger) == ["created"]


def test_documents_of_failing_customers_fail_alone() -> None:
    ledger = a_ledger(Settings(failing_customers={"c2"}))

    ledger.accept("2218", a_payload(*three_documents()))

    assert results(ledger) == ["created", "failed", "created"]
    assert [document.document_no for document in ledger.documents] == ["A1", "A3"]


def test_failing_documents_fail_alone() -> None:
    ledger = a_ledger(Settings(failing_documents={"a3"}))

    ledger.accept("2218", a_payload(*three_documents()))

    assert results(ledger) == ["created", "created", "failed"]


def test_one_bad_document_can_reject_its_whole_batch() -> None:
    ledger = a_ledger(Settings(failing_documents={"a3"}, all_or_nothing=True))

    ledger.accept("2218", a_payload(*three_documents()))

    assert results(ledger) == ["batch-rejected", "batch-rejected", "failed"]
    assert ledger.documents == []


def test_all_or_nothing_creates_a_good_batch() -> None:
    ledger = a_ledger(Settings(all_or_nothing=True))

    ledger.accept("2218", a_payload(*three_documents()))

    assert results(ledger) == ["created", "created", "created"]


def test_a_number_that_failed_is_free() -> None:
    settings = Settings(duplicates="reject", failing_customers={"543210"})
    ledger = a_ledger(settings)
    ledger.accept("2218", a_payload())
    settings.failing_customers = set()

    ledger.accept("2218", a_payload())

    assert results(ledger) == ["created"]


def test_what_was_decided_stays_decided() -> None:
    settings = Settings()
    ledger = a_ledger(settings)
    ledger.accept("2218", a_payload())

    settings.failing_customers = {"543210"}

    assert results(ledger) == ["created"]


def test_a_cleared_ledger_is_empty() -> None:
    ledger = a_ledger(Settings(processing_seconds=0))
    uuid = ledger.accept("2218", a_payload())

    ledger.clear()

    assert (ledger.batch("2218", uuid), ledger.document("2218", "88776655")) == (None, None)
    assert (ledger.batches, ledger.documents) == ([], [])
