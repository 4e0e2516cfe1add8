"""Rules for Lanner, in Python. The package's README says how a rule is written."""

from . import _generated, cbor, fields, log
from ._generated import *  # noqa: F403
from ._schema import EventFlag, Kind, ProcessFlag, StdioFlag
from .address import Address, is_public
from .filters import Filter, FilterError, all_of, any_of
from .finding import Fact, Out, Severity
from .matching import Networks, TextSet
from .pack import Pack, PackError, Rule
from .settings import Setting, TextsSetting
from .text import UNKNOWN, Text, escape

__all__ = [
    "Address",
    "EventFlag",
    "Fact",
    "Filter",
    "FilterError",
    "Kind",
    "Networks",
    "Out",
    "Pack",
    "PackError",
    "ProcessFlag",
    "Rule",
    "Setting",
    "Severity",
    "StdioFlag",
    "Text",
    "TextSet",
    "TextsSetting",
    "UNKNOWN",
    "all_of",
    "any_of",
    "cbor",
    "escape",
    "fields",
    "is_public",
    "log",
]
__all__ += _generated.__all__
