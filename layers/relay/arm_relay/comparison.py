"""When two values mean the same to ARM. Pure."""

import unicodedata


def compared(value: object) -> str:
    """A value as ARM compares it: without case (ARM page "About"), and however its characters are composed."""
    text = str(value)
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def same_value(one: object, other: object) -> bool:
    """Whether ARM takes two values for the same."""
    return compared(one) == compared(other)
