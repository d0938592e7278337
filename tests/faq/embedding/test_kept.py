"""A graph on disk is whole or is made again; a folder that cannot be written costs time, not the answer."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faq.embedder import load_embedder
from faq.embedding import kept
from faq.embedding.graph import WRITER


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return tmp_path / "embedder"


def test_the_first_load_keeps_the_graph_and_the_next_needs_no_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_embedder().embed(["hello"])
    (path,) = folder.iterdir()
    assert path.name.endswith(f"-int8-{WRITER}.graph")
    monkeypatch.setattr("faq.embedder.write_graph", None)
    assert (load_embedder().embed(["hello"]) == first).all()


@pytest.mark.parametrize("left", [b"", b"x" * 31, b"x" * 5_000])
def test_a_half_written_or_changed_graph_is_made_again(
    folder: Path, left: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = load_embedder().embed(["hello"])
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(left)
    assert (load_embedder().embed(["hello"]) == wanted).all()
    assert "was cut or changed: the graph is made anew" in caplog.text
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_done_without(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file in its place: what root, who may write everywhere, cannot write to either."""
    folder.write_text("in the way")
    assert load_embedder().embed(["hello"]).shape == (1, 384)
    assert "each start makes the graph again" in caplog.text
    assert folder.read_text() == "in the way"


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert kept.load(tmp_path / "none") is None
    assert not caplog.text
    (tmp_path / "folder").mkdir()
    assert kept.load(tmp_path / "folder") is None
    assert "cannot be read (Is a directory)" in caplog.text


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "embedder" / "abc-int8-2.graph"
    graph = bytes(range(256)) * 4_000
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: kept.keep(path, graph), range(16)))
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert kept.load(path) == graph


def test_an_upgrade_removes_the_graph_of_the_release_before(tmp_path: Path) -> None:
    for name in ("abc-int8-1.graph", "abc-fp32-1.graph"):
        assert kept.keep(tmp_path / name, b"old")
    assert kept.keep(tmp_path / "abc-int8-2.graph", b"new")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["abc-fp32-1.graph", "abc-int8-2.graph"]


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert not kept.keep(tmp_path / "abc-int8-1.graph", b"graph")
    assert list(tmp_path.iterdir()) == []
