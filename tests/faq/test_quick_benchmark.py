"""The matcher's benchmark says what it lacks."""

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT


def test_a_folder_without_the_question_sets_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "banking77_train.csv").write_text("text,category\n")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faq_quick", "--data", str(tmp_path)],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} lacks clinc150_train_val.json: docs/faq.md says where to get it.\n"
