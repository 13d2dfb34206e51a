"""The totals of the official example invoices of EN 16931 and Peppol BIS Billing 3, from orders with their numbers.

An allowance or a charge on the document is a line of its own here, and so is a price's base quantity part of the price.
A correction with negative amounts is a credit note with positive ones. Where a file states lines whose price times
quantity is not their net amount, the line has the net amount.
"""

import pytest
from arm_relay.arm.amounts import amounts_of, sum_of

from tests.support.builders import an_order
from tests.support.reading import a_line, order

#: Quantity, price and VAT rate.
type Lines = tuple[tuple[str, str, str], ...]
type Totals = tuple[str, str, str]

BASE: Lines = (("7", "400", "25"), ("-3", "500", "25"), ("1", "25", "25"))

TOYS: Lines = (
    ("2", "9.95", "6"),
    ("1", "9.85", "6"),
    ("1", "8.29", "6"),
    ("2", "7.23", "6"),
    ("1", "35.00", "6"),
    ("1", "35.00", "6"),
    ("1", "10.65", "6"),
    ("1", "1.55", "6"),
    ("3", "4.79", "6"),
    ("1", "8.29", "6"),
    ("2", "8.29", "6"),
    ("1", "9.95", "6"),
    ("2", "1.65", "6"),
    ("1", "10.80", "21"),
    ("1", "3.90", "6"),
    ("2", "3.80", "21"),
    ("2", "4.67", "21"),
    ("1", "18.63", "21"),
    ("6", "17.02", "6"),
    ("-6", "18.33", "6"),
)

ELECTRICITY: Lines = (
    ("16000", "0.00880", "21"),
    ("16000", "0.00101", "21"),
    ("132", "1.27", "21"),
    ("58", "1.53", "21"),
    ("1", "36.75", "21"),
    ("1", "56.50", "21"),
    ("1", "83.34", "21"),
    ("1", "190.31", "21"),
    ("1", "64.21", "21"),
    ("1", "64.46", "21"),
)

OFFICE: Lines = (
    ("1", "1273.00", "25"),
    ("-1", "3.96", "15"),
    ("2", "2.48", "15"),
    ("-1", "25.00", "0"),
    ("250", "0.75", "25"),
    ("-1", "100.00", "25"),
    ("1", "100.00", "25"),
)

PAPER: Lines = (("1000", "1.00", "25"), ("100", "5.00", "25"), ("500", "5.00", "12"))

EXAMPLES: dict[str, tuple[str, Lines, Totals]] = {
    # OpenPEPPOL/peppol-bis-invoice-3, rules/examples.
    "base-example": ("EUR", BASE, ("1325.00", "331.25", "1656.25")),
    "base-creditnote-correction": ("EUR", BASE, ("1325.00", "331.25", "1656.25")),
    "base-negative-inv-correction": ("EUR", BASE, ("1325.00", "331.25", "1656.25")),
    "sales-order-example": ("EUR", BASE, ("1325.00", "331.25", "1656.25")),
    "Allowance-example": (
        "EUR",
        (
            ("10", "410", "25"),
            ("1", "1", "25"),
            ("-1", "101", "25"),
            ("10", "100", "0"),
            ("10", "100", "25"),
            ("1", "1", "25"),
            ("-1", "101", "25"),
            ("1", "200", "25"),
            ("-1", "200", "25"),
        ),
        ("5900.00", "1225.00", "7125.00"),
    ),
    "Vat-category-S": (
        "EUR",
        (("10", "400", "25"), ("10", "200", "15"), ("10", "90", "25"), ("1", "200", "25"), ("-1", "100", "25")),
        ("7000.00", "1550.00", "8550.00"),
    ),
    "vat-category-E": ("GBP", (("10", "120.00", "0"),), ("1200.00", "0.00", "1200.00")),
    "vat-category-O": ("SEK", (("1", "3200.00", "0"),), ("3200.00", "0.00", "3200.00")),
    "vat-category-Z": ("GBP", (("10", "120.00", "0"),), ("1200.00", "0.00", "1200.00")),
    # ConnectingEurope/eInvoicing-EN16931, ubl/examples.
    "BIS3_Invoice_positive": ("DKK", (("1", "625743.54", "25"),), ("625743.54", "156435.89", "782179.43")),
    "BIS3_Invoice_negativ": ("DKK", (("1", "625743.54", "25"),), ("625743.54", "156435.89", "782179.43")),
    "FT G2G_TD01": ("EUR", (("20", "62.30", "22"),), ("1246.00", "274.12", "1520.12")),
    "guide-example1": ("EUR", TOYS, ("229.60", "20.73", "250.33")),
    "guide-example2": ("NOK", OFFICE, ("1436.50", "365.28", "1801.78")),
    "guide-example3": (
        "DKK",
        (("1", "400.00", "25"), ("1", "400.00", "25"), ("1", "100.00", "25")),
        ("900.00", "225.00", "1125.00"),
    ),
    "issue116": (
        "SEK",
        (
            ("1", "100", "6"),
            ("1", "50", "12"),
            ("1", "150", "12"),
            ("1", "400", "25"),
            ("-1", "1", "0"),
            ("1", "1", "0"),
        ),
        ("700.00", "130.00", "830.00"),
    ),
    "sample-discount-price": ("EUR", (("100", "0.1212", "25"),), ("12.12", "3.03", "15.15")),
    "ubl-tc434-creditnote1": ("EUR", (("1", "100.11", "0"),), ("100.11", "0.00", "100.11")),
    "ubl-tc434-example1": ("EUR", TOYS, ("229.60", "20.73", "250.33")),
    "ubl-tc434-example2": ("NOK", OFFICE, ("1436.50", "365.28", "1801.78")),
    "ubl-tc434-example3": (
        "DKK",
        (("1", "800.00", "25"), ("1", "800.00", "10"), ("1", "100.00", "25")),
        ("1700.00", "305.00", "2005.00"),
    ),
    "ubl-tc434-example4": ("DKK", PAPER, ("4000.00", "675.00", "4675.00")),
    "ubl-tc434-example5": (
        "DKK",
        (*PAPER, ("1", "100", "25"), ("-1", "100", "25"), ("1", "150", "25"), ("-1", "150", "25")),
        ("4000.00", "675.00", "4675.00"),
    ),
    "ubl-tc434-example6": ("DKK", PAPER, ("4000.00", "675.00", "4675.00")),
    "ubl-tc434-example7": ("SEK", (("1", "2500", "0"), ("1", "700", "0")), ("3200.00", "0.00", "3200.00")),
    "ubl-tc434-example8": ("EUR", ELECTRICITY, ("908.91", "190.87", "1099.78")),
    "ubl-tc434-example9": ("EUR", (("3", "49.00", "21"),), ("147.00", "30.87", "177.87")),
    "ubl-tc434-example10": ("EUR", TOYS, ("229.60", "20.73", "250.33")),
}


@pytest.mark.parametrize(("currency", "lines", "totals"), EXAMPLES.values(), ids=EXAMPLES)
def test_an_official_example_comes_to_its_totals(currency: str, lines: Lines, totals: Totals) -> None:
    billed = [a_line(quantity=quantity, unitPrice=price, vatRate=rate) for quantity, price, rate in lines]
    made = sum_of(amounts_of(order(an_order(currency=currency, lines=billed)), "rate"))

    assert totals == tuple(f"{amount:.2f}" for amount in (made.net, made.vat, made.gross))
