"""What both functions that read orders need to map them."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from arm_relay.arm.contract import Contract, Sign
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes
from arm_relay.settings import Settings


def drafts(settings: Settings, contract: Contract, now: Callable[[], datetime]) -> Drafts:
    """Makes ARM's batches of orders, dated today in the time zone of the invoices."""
    time_zone = ZoneInfo(settings.invoice_time_zone)

    def today() -> date:
        return now().astimezone(time_zone).date()

    codes = ArmCodes(
        user_id=settings.arm_user_id,
        credit_note_type=contract.documents.credit_note,
        invoice_type=contract.documents.invoice,
        credited_invoice_key=contract.documents.credited_invoice_key,
        credits_are_negative=contract.documents.credit_sign is Sign.NEGATIVE,
        vat_rounding=settings.vat_rounding,
        kid_check=settings.kid_check == "on",
    )
    return Drafts(codes, today)
