"""Who reported: personal data, read only by the own department and erased in time."""

from dataclasses import replace

from core.errors import NotFound
from missions.access import Principal
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.signals.model import Contact
from missions.store.protocol import Between


class Contacts:
    """Reads and erases contacts."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def read(self, p: Principal, signal_id: str) -> Contact:
        """Who sent a report; each reading is in the audit trail.

        Raises:
            NotFound: nobody left a contact, it was erased, or the caller is of another department;
                city-wide roles are of none.
        """
        with self._room.unit() as unit:
            p.checked(unit.signals.get(signal_id))
            if not unit.contacts.exists(signal_id):
                raise _none(signal_id)
            contact = unit.contacts.get(signal_id)
            known = contact.name or contact.phone
            if p.department != contact.department or not known:
                raise _none(signal_id)
            text, text_zh = "read who reported", "查看上报人联系方式"
            note(unit, self._room.now(), signal_id, "contact.read", text, text_zh, actor=p.name)
            return contact

    def erase(self) -> int:
        """Erase what has been kept long enough, with the reporter's own words; how many."""
        now = self._room.now()
        with self._room.unit() as unit:
            due = unit.contacts.find(erase_at=Between(high=now))
            for contact in due:
                erased = replace(contact, name="", phone="", erase_at=None, erased_at=now)
                unit.contacts.put(erased)
                unit.signals.put(replace(unit.signals.get(contact.id), words=""))
                text, text_zh = "erased who reported", "已按期删除上报人信息"
                note(unit, now, contact.id, "contact.erase", text, text_zh)
        return len(due)


def _none(signal_id: str) -> NotFound:
    return NotFound("no contact that you may see", where=signal_id)
