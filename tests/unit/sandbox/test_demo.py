from sandbox.demo import described

DOCUMENT = {"documentType": "IN", "customerNo": "543210", "documentLines": [{}, {}]}


def test_a_total_has_its_currency() -> None:
    document = DOCUMENT | {"documentNo": "88776655", "currency": "NOK", "currencyAmounts": {"inclVat": 6500}}

    assert described(document) == "IN to customer 543210, number: 88776655, 2 lines, total: 6500 NOK"


def test_what_arm_decides_is_said_to_be_arms() -> None:
    assert described(DOCUMENT) == (
        "IN to customer 543210, number: ARM's choice, 2 lines, total: computed by ARM, as the order names no currency"
    )
