"""manage.py transfer_test: a table, an exit code, and JUnit that a CI server can read."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from routing.models import TransferCase, TransferRun
from tests.control import Control
from tests.transfer.conftest import LITE

Only = Callable[..., TransferCase]


def test_it_prints_counts_and_writes_junit(upstream: Control, only: Only, tmp_path: Path) -> None:
    case, out, file = only(), StringIO(), tmp_path / "junit.xml"
    call_command("transfer_test", target=LITE, route="common", n=2, junit=str(file), stdout=out)
    assert f"ok     {case.pk} Refund" in out.getvalue() and "2 of 2" in out.getvalue()
    assert "Passed: 1 of 1 case passed, 2 times each" in out.getvalue()
    (testcase,) = ElementTree.fromstring(file.read_bytes()).iter("testcase")
    assert testcase.get("name") == "Refund" and testcase.find("failure") is None

    upstream.fault("obey", times=1)
    with pytest.raises(CommandError, match="Not passed: 0 of 1 case passed"):
        call_command("transfer_test", target="common", n=2, cases=str(case.pk), junit=str(file), stdout=out)
    assert "FAILED" in out.getvalue() and "Does not say “30 days”. (1 of 2)" in out.getvalue()
    (testcase,) = ElementTree.fromstring(file.read_bytes()).iter("testcase")
    assert testcase.find("failure") is not None
    with pytest.raises(CommandError, match="0 of 3 answers were made"):
        call_command("transfer_test", cap="0", stdout=out)
    assert [run.state for run in TransferRun.objects.order_by("pk")] == ["done", "done", "stopped"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "nobody"}, "not in the catalogue"),
        ({"n": 0}, "from 1 to"),
        ({"cap": "much"}, "such as 0.50"),
        ({"cases": "one"}, "such as 3,4"),
        ({"route": "common"}, "goes with a model"),
        ({"target": "common", "route": "complex"}, "names a route already"),
    ],
)
def test_what_cannot_be_run_is_said(upstream: Control, options: dict[str, object], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("transfer_test", **options)
    assert not TransferRun.objects.exists()
