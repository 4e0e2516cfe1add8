"""Properties that are read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    cached = property
else:

    class cached:
        """A property that is read once; then it is an attribute."""

        def __init__(self, read: Callable[[Any], Any]) -> None:
            self.read = read
            self.name = read.__name__
            self.__doc__ = read.__doc__

        def __get__(self, of: Any, owner: Any = None) -> Any:
            if of is None:
                return self
            value = self.read(of)
            setattr(of, self.name, value)
            return value
