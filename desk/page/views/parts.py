from dataclasses import dataclass

from desk.page.inquiries import Inquiries
from desk.page.pages import Pages
from desk.page.playing import Playing
from desk.relay import Relay


@dataclass(frozen=True, slots=True)
class Parts:
    """What a view works with."""

    pages: Pages
    inquiries: Inquiries
    #: None where the relay is no sandbox.
    playing: Playing | None

    @property
    def relay(self) -> Relay:
        """The relay that is asked."""
        return self.inquiries.relay
