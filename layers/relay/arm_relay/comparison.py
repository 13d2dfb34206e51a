"""When two values mean the same to ARM. Pure."""


def same_value(one: object, other: object) -> bool:
    """Whether ARM takes two values for the same: it compares data values without case (ARM page "About")."""
    return str(one).casefold() == str(other).casefold()
