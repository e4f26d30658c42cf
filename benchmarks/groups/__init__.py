"""The cases, a family a file."""

from . import conv, layers, overhead, pool, steps, workloads

__all__ = ["GROUPS"]

GROUPS = {
    group.name: group
    for group in (overhead.GROUP, workloads.GROUP, conv.COMMON, conv.ODD, pool.GROUP, layers.GROUP, steps.GROUP)
}
