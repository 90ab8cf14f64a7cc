"""Every YAML and JSON file of `cluster_config` can be read."""

from pathlib import Path

import pytest

from cases.cluster.files import files, is_read, name


@pytest.mark.parametrize("path", files(".yaml", ".json"), ids=name)
def test_file_can_be_read(path: Path) -> None:
    """Something stands in it."""
    assert is_read(path)
