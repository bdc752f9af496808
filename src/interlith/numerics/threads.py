"""How many threads does linear algebra take? One: matrices here are small and many, and threads that wait for each other cost
more than they give (five times the time of a Kramers-Kronig test on two busy cores)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, BLAS and LAPACK of this process take one thread."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
