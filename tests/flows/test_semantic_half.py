"""A desk whose semantic half is broken answers what it surely knows, and is whole when it is mended."""

import json
import shutil
from pathlib import Path
from urllib.request import urlopen

from faq.embedding import files
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer, running_desk

QUESTION = "How do I reset my password?"


async def route_of(desk: DeskServer, text: str) -> object:
    async with Chat(desk.urls[0], new_cookie()) as chat:
        return ((await chat.ask(text)).done or {}).get("route")


def half(desk: DeskServer) -> dict[str, object]:
    with urlopen(f"{desk.url}/readyz") as answer:
        found: dict[str, object] = json.load(answer)["checks"]["faq_semantic_half"]
    return found


async def test_a_damaged_copy_costs_the_semantic_half_only(sandbox: str, tmp_path: Path) -> None:
    own = tmp_path / "minilm"
    own.mkdir()
    weights = files.find("").weights
    for name in (files.WEIGHTS, files.WORDS):
        shutil.copy(weights.with_name(name), own)
    with (own / files.WEIGHTS).open("r+b") as file:
        file.truncate(1_000_000)

    with running_desk(tmp_path / "var", sandbox, env={"EMBEDDER_DIR": str(own)}) as desk:
        assert await route_of(desk, QUESTION) == "faq"
        said = half(desk)
        assert said["ok"]
        assert f"the lexical half works alone. {own}/model.safetensors is not that of" in str(said["detail"])
        assert "1,000,000 bytes instead of 90,868,376" in desk.webs[0].log()

        desk.webs[0].stop()
        shutil.copy(weights, own)
        desk.start_web(0)
        assert await route_of(desk, QUESTION) == "faq"
        assert half(desk) == {"ok": True, "detail": "loaded"}
        assert [kept.suffix for kept in (desk.data_dir / "embedder").iterdir()] == [".graph"]
