"""Who watches what in the store: the one list of observers.

It is read when a store is opened, not when the store's modules are loaded: observers live in rooms
that know the store.
"""

from missions import quotas
from missions.store.observed import Observers

OBSERVERS: Observers = {**quotas.observers()}
