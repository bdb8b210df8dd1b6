"""Which vehicle: a link and a system id on it, and the links by name.

A MAVLink system id is one byte, so one link carries at most 254 vehicles beside the ground
station (https://mavlink.io/en/guide/serialization.html); more vehicles are several links.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInput

MAIN = "main"
"""The name of a link that was given no other."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_FORM = "write one address, or NAME=ADDRESS for each link with spaces between"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A vehicle's identity: the name of its link and its system id there (1 to 254).

    >>> str(Address("east", 7))
    'east/7'
    """

    link: str
    system_id: int

    def __str__(self) -> str:
        return f"{self.link}/{self.system_id}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address of such a text; a bare number is on the main link.

        Raises:
            InvalidInput: it is none.
        """
        link, _, number = text.rpartition("/")
        link = link or MAIN
        good = number.isascii() and number.isdigit() and 0 < int(number) < 255
        if not good or not is_link_name(link):
            raise InvalidInput(
                f"{text!r} is no vehicle",
                where="vehicle",
                remedy="write LINK/SYSTEM_ID such as main/7; system ids are 1 to 254",
            )
        return cls(link, int(number))


def is_link_name(text: str) -> bool:
    """Whether a link may be called so: lower-case letters, digits, - and _; 32 at most."""
    return _NAME.fullmatch(text) is not None


def named_links(text: str) -> Mapping[str, str]:
    """The links of a setting by name: one plain address is the main link.

    >>> dict(named_links("main=tcp:10.0.0.1:5790 east=udpin:0.0.0.0:14550"))
    {'main': 'tcp:10.0.0.1:5790', 'east': 'udpin:0.0.0.0:14550'}

    Raises:
        InvalidInput: no address, a wrong name, or one name twice.
    """
    words = text.split()
    if len(words) == 1 and "=" not in words[0]:
        return {MAIN: words[0]}
    found: dict[str, str] = {}
    for word in words:
        name, equals, address = word.partition("=")
        if not equals or not address or not is_link_name(name):
            raise InvalidInput(f"{word!r} names no link", where="links", remedy=_FORM)
        if name in found:
            raise InvalidInput(f"two links are called {name!r}", where="links", remedy=_FORM)
        found[name] = address
    if not found:
        raise InvalidInput("no link is named", where="links", remedy=_FORM)
    return found
