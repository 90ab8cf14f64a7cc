"""The real data that lie beside the checkout on some machines."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[5] / "shared/data/real"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is not there."""
    if not DATA.exists():
        pytest.skip(f"{DATA} is not there")
    return DATA
