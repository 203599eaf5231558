"""Settings from file and environment, and what is said of wrong ones."""

from pathlib import Path

import pytest

from stage import REPOSITORY
from telepresence.settings import Settings, SettingsError, load, render
from telepresence.signaling.messages import RoomKind

TLS = f"[server]\ntls_certificate = {__file__!r}\ntls_key = {__file__!r}\n"
"""A server with TLS, as far as the settings can tell: both files are there."""


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


def test_the_printed_example_of_a_room_is_one_once_its_marks_are_taken_away(tmp_path: Path) -> None:
    """Everything from `[[rooms]]` on, without the first `# ` of each line."""
    head, mark, example = render().partition("# [[rooms]]\n")
    text = head + "".join(line.removeprefix("# ") + "\n" for line in (mark + example).splitlines())
    (room,) = load(file(tmp_path, text), {}).rooms
    assert (room.id, room.kind) == ("tumour-board", RoomKind.CONSULTATION)


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
    assert [(room.id, room.kind) for room in settings.rooms] == [
        ("tumour-board", RoomKind.CONSULTATION),
        ("training", RoomKind.BROADCAST),
    ]


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://meet.example:443", "https://meet.example"),
        ("https://Meet.Example/", "https://meet.example"),
        ("https://meet.example:8443", "https://meet.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
    ],
)
def test_the_public_address_is_written_as_browsers_write_it(tmp_path: Path, url: str, public: str) -> None:
    """Else the origin of our own page would not be ours."""
    settings = load(file(tmp_path, f"[server]\npublic_url = '{url}'\n"), {})
    assert settings.public_url(8080) == public


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    """Numbers, and lists by commas."""
    path = file(tmp_path, "[server]\nport = 1\n[limits]\nrooms = 7\n")
    environment = {
        "TELEPRESENCE_SERVER__PORT": "9090",
        "TELEPRESENCE_SERVER__PUBLIC_URL": "https://meet.example",
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
        ("[admin]\nhost = '10.0.0.5'\n", {}, ["admin.host", "10.0.0.5", "TLS", "SSH"]),
        ("[limits]\negress_mbit = -1\n", {}, ["limits.egress_mbit", "-1", "four fifths"]),
        ("[server]\ntls_key = 'k.pem'\n", {}, ["tls_certificate", "belong together"]),
        ("[server]\ntrusted_proxies = ['proxy']\n", {}, ["trusted_proxies", "10.0.0.0/24"]),
        ("[server]\npublic_url = 'meet.example'\n", {}, ["public_url", "https://"]),
        (TLS + "host = '10.0.0.5'\n", {}, ["server.public_url", "what people type", "can't join"]),
        ("[server]\ntrusted_proxies = ['127.0.0.1']\n", {}, ["server.public_url", "behind a proxy"]),
        ("[server]\npublic_url = 'https://meet.example/call'\n", {}, ["public_url", "/call", "not below a path"]),
        ("[server]\npublic_url = 'https://meet.example?x=1'\n", {}, ["public_url", "not below a path"]),
        ("[server]\npublic_url = 'https://meet.example:port'\n", {}, ["public_url", "port"]),
        ("[server]\npublic_url = 'https://me@meet.example'\n", {}, ["public_url", "without a user"]),
        ("[server]\npublic_url = 'https://'\n", {}, ["public_url", "needs a host"]),
        ("[server]\npublic_url = 'http://meet.example'\n", {}, ["public_url", "localhost alone"]),
        ("rooms = 1\n", {}, ["rooms", "[[rooms]]"]),
        ("[rooms]\nid = 'a'\n", {}, ["rooms", "[[rooms]]"]),
        ("[[rooms]]\ntitle = 'A'\n", {}, ["rooms[0]", "id", "letters, digits"]),
        ("[[rooms]]\nid = 'a b'\n", {}, ["rooms[0].id", "'a b'", "letters, digits"]),
        ("[[rooms]]\nid = 'a'\nkind = 'party'\n", {}, ["rooms[0]", "party", "consultation or broadcast"]),
        ("[[rooms]]\nid = 'a'\ntitle = ''\n", {}, ["rooms[0]", "title", "1 to 80"]),
        ("[[rooms]]\nid = 'a'\ntilte = 'A'\n", {}, ["tilte", "`title`"]),
        ("[[rooms]]\nid = 'a'\n[[rooms]]\nid = 'a'\n", {}, ["rooms[1].id", "'a'", "already"]),
        ("[limits]\nrooms = 1\n[[rooms]]\nid = 'a'\n[[rooms]]\nid = 'b'\n", {}, ["limits.rooms", "2 [[rooms]]"]),
        ("", {"TELEPRESENCE_ROOMS__ID": "a"}, ["TELEPRESENCE_ROOMS__ID", "[[rooms]]"]),
        ("[media]\nhost = '0.0.0.0'\n", {}, ["media.advertise", "at least one"]),
        ("[media]\nhost = 'eth0'\n", {}, ["media.host", "eth0", "127.0.0.1"]),
        (
            "[media]\nadvertise = ['203.0.113.5', 'fe80::1%eth0']\n",
            {},
            ["media.advertise", "fe80::1%eth0", "2001:db8::5"],
        ),
        ("[media]\nadvertise = ['0.0.0.0']\n", {}, ["media.advertise", "another machine"]),
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
