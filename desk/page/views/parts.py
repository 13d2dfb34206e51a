from dataclasses import dataclass
from threading import Event

from desk.page.inquiries import Inquiries
from desk.page.pages import Pages
from desk.page.playing import Playing
from desk.page.reviews import Reviews
from desk.relay import Relay


@dataclass(frozen=True, slots=True)
class Parts:
    """What a view works with."""

    pages: Pages
    inquiries: Inquiries
    #: None where the relay is no sandbox.
    playing: Playing | None
    reviews: Reviews
    #: Set when the desk is being ended: nothing further is begun.
    ending: Event

    @property
    def relay(self) -> Relay:
        """The relay that is asked."""
        return self.inquiries.relay
