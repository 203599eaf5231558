"""Settings from file and environment, and what is said of wrong ones."""

from pathlib import Path

import pytest

from stage import REPOSITORY
from telepresence.settings import Settings, SettingsError, load, render


def file(tmp_path: Path, text: str) -> Path:
    """Writes a settings file."""
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_without_anything_the_server_is_on_localhost() -> None:
    """The embedded default needs no file."""
    settings = load(None, {})
    assert settings == Settings()
    assert settings.public_url(8080) == "http://localhost:8080"
    assert settings.media_addresses == ("127.0.0.1",)


def test_the_printed_default_is_the_default_and_the_committed_file(tmp_path: Path) -> None:
    """Stale? Run `telepresence config --print > config/development.toml`."""
    assert load(file(tmp_path, render()), {}) == Settings()
    assert (REPOSITORY / "config" / "development.toml").read_text() == render()


def test_the_hospitals_file_is_good_once_its_certificate_is_there(tmp_path: Path) -> None:
    """All its keys are known; only the certificate is missing on this machine."""
    text = (REPOSITORY / "config" / "hospital.toml").read_text()
    with pytest.raises(SettingsError, match=r"tls_certificate.*no such file"):
        load(file(tmp_path, text), {})
    for name in ("fullchain.pem", "key.pem"):
        (tmp_path / name).write_text("")
    settings = load(file(tmp_path, text.replace("/etc/telepresence/tls", str(tmp_path))), {})
    assert settings.public_url(443) == "https://meet.hospital.example"
    assert len(settings.media_addresses) == 2


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    """Numbers, and lists by commas."""
    path = file(tmp_path, "[server]\nport = 1\n[limits]\nrooms = 7\n")
    environment = {
        "TELEPRESENCE_SERVER__PORT": "9090",
        "TELEPRESENCE_SERVER__TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16",
        "TELEPRESENCE_LIMITS__JOIN_TIMEOUT_S": "0.5",
        "TELEPRESENCE_BOT_TOKEN": "is no setting",
        "HOME": "/root",
    }
    settings = load(path, environment)
    assert settings.server.port == 9090
    assert settings.server.trusted_proxies == ["10.0.0.1", "10.1.0.0/16"]
    assert settings.limits.join_timeout_s == 0.5
    assert settings.limits.rooms == 7


@pytest.mark.parametrize(
    ("text", "environment", "words"),
    [
        ("[server]\nprot = 1\n", {}, ["prot", "settings.toml", "`port`"]),
        ("[sever]\nport = 1\n", {}, ["sever", "`server`"]),
        ("port = 1\n", {}, ["port"]),
        ("server = 1\n", {}, ["[server]"]),
        ("[server]\nport = 'x'\n", {}, ["server.port", "'x'", "settings.toml", "TCP port"]),
        ("[server]\nport = 99999\n", {}, ["server.port", "99999", "65535"]),
        ("[server\n", {}, ["not TOML"]),
        ("", {"TELEPRESENCE_SERVER__PORT": "many"}, ["server.port", "'many'", "TELEPRESENCE_SERVER__PORT"]),
        ("", {"TELEPRESENCE_SERVER__PROT": "1"}, ["prot", "TELEPRESENCE_SERVER__PROT", "`port`"]),
        ("", {"TELEPRESENCE_SEVRER__PORT": "1"}, ["sevrer", "`server`"]),
        ("[log]\nlevel = 'loud'\n", {}, ["log.level", "loud", "debug, info"]),
        ("[server]\nhost = '10.0.0.5'\n", {}, ["server.host", "10.0.0.5", "TLS", "trusted_proxies"]),
        ("[server]\ntls_key = 'k.pem'\n", {}, ["tls_certificate", "belong together"]),
        ("[server]\ntrusted_proxies = ['proxy']\n", {}, ["trusted_proxies", "10.0.0.0/24"]),
        ("[server]\npublic_url = 'meet.example'\n", {}, ["public_url", "https://"]),
        ("[media]\nhost = '0.0.0.0'\n", {}, ["media.advertise", "at least one"]),
        ("[media]\nhost = 'eth0'\n", {}, ["media.host", "eth0", "127.0.0.1"]),
        ("[media]\nadvertise = ['example.org']\n", {}, ["media.advertise", "example.org", "addresses, not names"]),
    ],
)
def test_a_wrong_setting_is_named_with_value_origin_and_what_is_right(
    tmp_path: Path, text: str, environment: dict[str, str], words: list[str]
) -> None:
    """One sentence has all that is needed to mend it."""
    with pytest.raises(SettingsError) as caught:
        load(file(tmp_path, text), environment)
    for word in words:
        assert word in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The path is in the message."""
    with pytest.raises(SettingsError, match=r"missing\.toml can't be read"):
        load(tmp_path / "missing.toml", {})
