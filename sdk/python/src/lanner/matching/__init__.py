"""Sets of texts and of networks, prepared once."""

from .networks import Networks, parse_network
from .text_set import TextSet

__all__ = ["Networks", "TextSet", "parse_network"]
