"""Testing packs without a host: events are made up, written as a real frame, filtered as the host would, and handled by
the same code that runs in the component::

    from lanner.testing import PackTest, exec, process
    from pack import pack

    nginx = process("/usr/sbin/nginx").uid(33).user("www-data")
    shell = process("/usr/bin/dash").args("sh", "-c", "id").child_of(nginx)
    findings = PackTest(pack).feed(exec(shell).after(5))
    assert findings[0].rule == "execution/shell"
"""

from . import _kinds
from ._event import EventBuilder, connect, connect_unix, exec, fork
from ._kinds import *  # noqa: F403
from ._pack import Finding, PackTest
from ._process import ContainerBuilder, ProcessBuilder, container, process

__all__ = [
    "ContainerBuilder",
    "EventBuilder",
    "Finding",
    "PackTest",
    "ProcessBuilder",
    "connect",
    "connect_unix",
    "container",
    "exec",
    "fork",
    "process",
]
__all__ += _kinds.__all__
