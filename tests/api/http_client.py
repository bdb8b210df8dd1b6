"""Starlette's test client, imported without the warning that it gives of its own."""

import warnings

with warnings.catch_warnings():  # it wants httpx2, which we do not need otherwise
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["TestClient"]
