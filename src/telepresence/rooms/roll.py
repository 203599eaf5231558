"""Who is in a room, and who waits: by id, by secret, by site; so that what concerns one device costs no look at the others."""

from __future__ import annotations

from dataclasses import dataclass, field

from telepresence.rooms.participant import Participant


@dataclass(slots=True)
class Roll:
    """`participants` were admitted; of them `members` may be seen, the rest is the audience. `waiting` have a seat and nothing else.

    The dicts are for reading; the methods change them. `crowd_version` counts the comings and goings in the audience.
    """

    participants: dict[str, Participant] = field(default_factory=dict)
    members: dict[str, Participant] = field(default_factory=dict)
    waiting: dict[str, Participant] = field(default_factory=dict)
    crowd_version: int = 0
    _by_secret: dict[str, Participant] = field(default_factory=dict)
    _devices: dict[str, set[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Returns how many seats are taken."""
        return len(self.participants) + len(self.waiting)

    def audience(self) -> int:
        """Returns how many devices are in the audience."""
        return len(self.participants) - len(self.members)

    def devices(self, site: str) -> frozenset[int]:
        """Returns the numbers of the devices that a site has here."""
        return frozenset(self._devices.get(site, ()))

    def with_secret(self, secret_hash: str) -> Participant | None:
        """Returns whose resume secret has that SHA-256.

        A look-up may take longer for one hash than for another, but who guesses secrets can't steer their hashes.
        """
        return self._by_secret.get(secret_hash)

    def add(self, participant: Participant) -> None:
        """Seats a device, among those who wait or among those who were admitted; also one that waited and is admitted now."""
        self._by_secret[participant.seat.secret_hash] = participant
        self._devices.setdefault(participant.site, set()).add(participant.seat.device)
        if not participant.is_admitted:
            self.waiting[participant.id] = participant
            return
        self.waiting.pop(participant.id, None)
        self.participants[participant.id] = participant
        if participant.is_seen:
            self.members[participant.id] = participant
        else:
            self.crowd_version += 1

    def place(self, participant: Participant) -> None:
        """The role of one who was admitted has changed: it may be seen now, or no more."""
        was_seen = participant.id in self.members
        if was_seen == participant.is_seen:
            return
        self.crowd_version += 1
        if was_seen:
            del self.members[participant.id]
        else:
            self.members[participant.id] = participant

    def strike(self, participant: Participant) -> None:
        """Takes a device's seat away."""
        del self._by_secret[participant.seat.secret_hash]
        devices = self._devices[participant.site]
        devices.discard(participant.seat.device)
        if not devices:
            del self._devices[participant.site]
        self.waiting.pop(participant.id, None)
        if self.participants.pop(participant.id, None) and self.members.pop(participant.id, None) is None:
            self.crowd_version += 1
