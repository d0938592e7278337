"""What the environment may say of SSO and the second factor, and the sentence for what it may not."""

from pathlib import Path

import pytest

from common.env import EnvError, read_env
from common.signing_in import SsoEnv, mfa_of, sso_of

RIGHT = {
    "issuer": "https://id.example.com/",
    "client_id": "desk",
    "client_secret": "s3cret",
    "name": "Example",
}


def test_a_provider_is_read_and_its_secret_stays_out_of_what_is_printed() -> None:
    provider = sso_of(**RIGHT)
    assert provider == SsoEnv("https://id.example.com", "desk", "s3cret", "Example")
    assert "s3cret" not in repr(provider)
    unnamed = sso_of(**{**RIGHT, "name": ""})
    assert unnamed is not None
    assert unnamed.name == "company account"
    assert sso_of("", "", "", "") is None
    assert sso_of(**{**RIGHT, "issuer": "http://127.0.0.1:9000"}) is not None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"client_id": ""}, "SSO_CLIENT_ID as well"),
        ({"issuer": "", "client_secret": ""}, "SSO_ISSUER and SSO_CLIENT_SECRET"),
        ({"issuer": "", "client_id": "", "client_secret": ""}, "SSO_NAME alone"),
        ({"issuer": "id.example.com"}, "is no address"),
        ({"issuer": "http://id.example.com"}, "has to be https"),
    ],
)
def test_half_a_provider_is_refused_with_what_is_missing(changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sso_of(**{**RIGHT, **changed})


def test_the_second_factor_is_off_optional_or_required() -> None:
    assert [mfa_of(raw) for raw in ("", "Optional", "required")] == ["off", "optional", "required"]
    with pytest.raises(ValueError, match="MFA='on'"):
        mfa_of("on")


def test_the_environment_stops_the_start_with_the_same_sentence(tmp_path: Path) -> None:
    values = {"DEBUG": "1", "DATA_DIR": str(tmp_path)}
    env = read_env(
        {**values, "SSO_ISSUER": "https://id.example.com", "SSO_CLIENT_ID": "a", "SSO_CLIENT_SECRET": "b"},
        tmp_path,
    )
    assert env.sso is not None
    assert env.mfa == "off"
    with pytest.raises(EnvError, match="SSO_CLIENT_SECRET"):
        read_env({**values, "SSO_ISSUER": "https://id.example.com", "SSO_CLIENT_ID": "a"}, tmp_path)
    with pytest.raises(EnvError, match="off, optional, required"):
        read_env({**values, "MFA": "yes"}, tmp_path)
