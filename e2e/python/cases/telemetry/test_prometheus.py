"""The file that node-exporter reads."""

import stat
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from cases.telemetry.told import Place, two_days
from world.checks import Checks

TELEMETRY = """\
    telemetry:
      prometheus: { folder: metrics }
"""


def test_file_tells_of_the_last_run_and_the_last_success(checks: Checks, tmp_path: Path) -> None:
    """A good day, and then one of which half fails."""
    place = Place(tmp_path.resolve() / "work", TELEMETRY)
    two_days(place)
    path = place.workspace.folder / "metrics" / "adg_shop.prom"

    def numbers() -> dict[tuple[str, ...], float]:
        families = list(text_string_to_metric_families(path.read_text()))
        checks.same("each has a text", [family.name for family in families if not family.documentation], [])
        samples = [sample for family in families for sample in family.samples]
        return {(sample.name, *sorted(sample.labels.values())): float(sample.value) for sample in samples}

    checks.same("a good day, measured", place.run("2024-05-01").code, 0)
    good = numbers()
    checks.same("that it went well", good["adg_last_run_success", "shop"], 1.0)
    checks.same("rows", good["adg_last_run_rows_written", "orders", "shop"], 2.0)
    checks.same("values that did not fit", good["adg_last_run_value_errors", "orders", "shop"], 1.0)
    checks.same("bytes", good["adg_last_run_written_bytes", "items", "shop"] > 0, True)
    checks.same("stages", good["adg_last_run_stage_duration_seconds", "shop", "write"] > 0, True)
    checks.same("whoever may read it", stat.S_IMODE(path.stat().st_mode), 0o644)
    checks.same("nothing else in the folder", [one.name for one in path.parent.iterdir()], ["adg_shop.prom"])
    checks.same("a day of which half fails, measured", place.run("2024-05-02").code, 4)
    bad = numbers()
    checks.same("that it did not", bad["adg_last_run_success", "shop"], 0.0)
    checks.same("dates that failed", bad["adg_last_run_dates", "failed", "shop"], 1.0)
    success = ("adg_last_success_timestamp_seconds", "shop")
    checks.same("when it last did", bad[success], good[success])
    checks.same("the file is still one", path.read_text().count("# TYPE adg_last_success_timestamp_seconds gauge"), 1)
