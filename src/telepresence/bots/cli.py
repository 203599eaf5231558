"""`telepresence bot`: publish a clip or a chart, watch and judge what others publish, write a browser's fake inputs.

Before this module is a person's command line; after it, `wanted.py` makes sources and `running.py` runs. All that needs the `bots` extra is imported
inside the commands, so that `telepresence --help` works without it.

Exit codes: 0 all well, 1 could not join, was removed or no media came, 2 the command line makes no sense.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from telepresence.bots.chart import ChartFormat, Tone
    from telepresence.bots.link import Link

app = typer.Typer(
    name="bot",
    help="Participants that are programs: publish a clip or a test chart, watch and judge what is received.",
    no_args_is_help=True,
)

_say = Console(stderr=True, highlight=False)
"""For people; standard output is kept for tables and JSON."""

_EXTRA_PACKAGES = {"aiortc", "av", "numpy", "cv2"}

VideoCodecName = Literal["vp8", "h264"]
"""As `peer.VideoCodec`, which needs the extra."""

Url = Annotated[str, typer.Option(help="The server's address.")]
Token = Annotated[
    str | None, typer.Option(help="The token of a site. Others on the machine can see it: prefer --token-env.")
]
TokenEnv = Annotated[str | None, typer.Option(metavar="NAME", help="The environment variable that holds the token.")]
LinkText = Annotated[str | None, typer.Option("--link", help="A whole link (http://host/room/ROOM#t=TOKEN) instead.")]
Links = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="A file with a link or a token on each line, one for each bot.",
    ),
]
Count = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        help="So many bots in one process; the first decodes, the others only count packets and frames. "
        "With --links one for each line, again from the first line where there are fewer; with one token all are devices of "
        "one site, of which a server takes 8 unless it is set otherwise.",
    ),
]
AcceptStage = Annotated[
    bool, typer.Option("--accept-stage", help="Of the audience: say yes when asked onto the stage, and publish there.")
]
Seconds = Annotated[float | None, typer.Option(min=1, help="Leave after so long, with a report; for ever without it.")]
Patience = Annotated[float, typer.Option(min=1, help="Seconds to try for the first join; after it, for ever.")]
Slots = Annotated[int, typer.Option(min=1, max=25, help="How many sources to receive at once.")]
Json = Annotated[
    str | None, typer.Option(metavar="-|FILE", help="Write the report as one JSON document ('-': to standard output).")
]
Expect = Annotated[int, typer.Option(min=0, help="With --seconds: fail unless media of so many sources came.")]
Size = Annotated[str, typer.Option(metavar="WxH", help="Size of the chart.")]
Fps = Annotated[int, typer.Option(min=1, max=60, help="Frames a second of the chart.")]
Number = Annotated[int, typer.Option("--source", min=0, max=63, help="Number of the source in the time code.")]
ToneHz = Annotated[float, typer.Option("--tone", metavar="HZ", help="Frequency of the chart's tone; 0 for none.")]
ToneLevel = Annotated[float, typer.Option(metavar="DBFS", min=-90, max=0, help="Its level; 0 is as loud as can be.")]
Beep = Annotated[bool, typer.Option("--beep", help="Sound the tone only while the square flashes, to see lip sync.")]
Loop = Annotated[
    bool, typer.Option("--loop", help="Encode the chart once and send it round and round: hardly any CPU.")
]
CodecName = Annotated[VideoCodecName, typer.Option("--codec", help="What the chart is encoded with.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens on the wire.")]


@app.command()
def publish(
    url: Url = "http://localhost:8080",
    token: Token = None,
    token_env: TokenEnv = None,
    link: LinkText = None,
    links: Links = None,
    *,
    clip: Annotated[bool, typer.Option("--clip", help="Publish a real clip with sound (Big Buck Bunny).")] = False,
    chart: Annotated[bool, typer.Option("--chart", help="Publish a test chart with a time code and a tone.")] = False,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Publish a film of your own.")] = None,
    label: Annotated[str, typer.Option(help="What the chart says.")] = "Test chart",
    source: Number = 1,
    size: Size = "640x360",
    fps: Fps = 30,
    tone: ToneHz = 440,
    tone_level: ToneLevel = -40,
    beep: Beep = False,
    loop: Loop = False,
    codec: CodecName = "vp8",
    watch: Annotated[bool, typer.Option("--watch", help="Also watch and judge the others.")] = False,
    slots: Slots = 4,
    count: Count = None,
    accept_stage: AcceptStage = False,
    json: Json = None,
    expect_sources: Expect = 1,
    seconds: Seconds = None,
    patience: Patience = 10,
    verbose: Verbose = False,
) -> None:
    """Go on the air with a chart, a clip or a film, and come back whenever the server does.

    Without --clip, --chart or --file it is the chart.
    """
    _log_to_stderr(verbose=verbose)
    _need_extra()
    from telepresence.bots import running  # noqa: PLC0415  # needs the extra
    from telepresence.bots.peer import VideoCodec  # noqa: PLC0415  # needs the extra
    from telepresence.bots.timecode import MAX_SOURCE  # noqa: PLC0415  # needs the extra
    from telepresence.bots.wanted import BotError, Wanted, build_crowd  # noqa: PLC0415  # needs the extra

    wanted = Wanted(
        clip=clip,
        chart=chart or not (clip or file),
        file=file,
        label=label[:80],
        number=source,
        form=_form(size, fps),
        tone=_tone(tone, tone_level, beep=beep),
        loop=loop,
        codec=VideoCodec(codec),
    )
    targets = _links(url, token, token_env, link, links, count)
    if source + len(targets) - 1 > MAX_SOURCE:
        _usage(f"the last bot would have number {source + len(targets) - 1}, a time code's is {MAX_SOURCE} at most")
    try:
        run = running.Run(
            links=targets,
            sources=build_crowd(wanted, len(targets), _say),
            slots=max(slots, expect_sources) if watch else 0,
            expect=expect_sources,
            accepts_stage=accept_stage,
            json=json,
            seconds=seconds,
            patience=patience,
        )
        asyncio.run(running.attend(run))
    except BotError as error:
        _fail(str(error))


@app.command()
def watch(
    url: Url = "http://localhost:8080",
    token: Token = None,
    token_env: TokenEnv = None,
    link: LinkText = None,
    links: Links = None,
    *,
    slots: Slots = 4,
    count: Count = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.mkv|FILE.webm",
            help="Record a source of --site as it comes; everybody sees that the bot records. Its role must allow it: recorder.",
        ),
    ] = None,
    site: Annotated[str | None, typer.Option(help="The id of the site to record.")] = None,
    source: Annotated[str | None, typer.Option(help="The id of its source to record; the first one without.")] = None,
    json: Json = None,
    expect_sources: Expect = 1,
    seconds: Seconds = None,
    patience: Patience = 10,
    verbose: Verbose = False,
) -> None:
    """Watch a room and judge each source: time code, delay, frame rate, freezes, tone and level. Or record one."""
    _log_to_stderr(verbose=verbose)
    _need_extra()
    from telepresence.bots import running  # noqa: PLC0415  # needs the extra
    from telepresence.bots.recording import Recorder, RecordError  # noqa: PLC0415  # needs the extra
    from telepresence.bots.wanted import BotError  # noqa: PLC0415  # needs the extra

    targets = _links(url, token, token_env, link, links, count)
    if (record is None) != (site is None):
        _usage("--record and --site belong together: which file, and of whom")
    if record is not None and len(targets) > 1:
        _usage("one bot records: give --record without --count and with one link")
    try:
        run = running.Run(
            links=targets,
            sources=[[] for _ in targets],
            slots=max(slots, expect_sources),
            expect=expect_sources,
            recorder=Recorder(record, site, source) if record and site else None,
            json=json,
            seconds=seconds,
            patience=patience,
        )
        asyncio.run(running.attend(run))
    except (BotError, RecordError) as error:
        _fail(str(error))


@app.command()
def fixture(
    *,
    video: Annotated[Path | None, typer.Option(help="Y4M file to write: the chart.")] = None,
    audio: Annotated[Path | None, typer.Option(help="WAV file to write: the tone.")] = None,
    label: Annotated[str, typer.Option(help="What the chart says.")] = "Test chart",
    source: Number = 1,
    size: Size = "640x360",
    fps: Fps = 30,
    tone: ToneHz = 440,
    tone_level: ToneLevel = -20,
    seconds: Annotated[int, typer.Option(min=1, max=60, help="Length; the browser plays it round and round.")] = 4,
) -> None:
    """Write files for a browser's fake camera and microphone."""
    _need_extra()
    from telepresence.bots import fixtures  # noqa: PLC0415  # needs the extra

    if video is None and audio is None:
        _usage("nothing to write: give --video FILE.y4m, --audio FILE.wav or both")
    if video is not None:
        fixtures.write_video(video, form=_form(size, fps), label=label, source=source, seconds=seconds)
    sound = _tone(tone, tone_level, beep=False)
    if audio is not None:
        if sound is None:
            _usage("--audio needs a --tone above 0 Hz")
        fixtures.write_audio(audio, tone=sound, seconds=seconds)


def _need_extra() -> None:
    """Ends with the command that installs the extra, if it is missing."""
    try:
        import telepresence.bots.running  # noqa: PLC0415, F401  # needs the extra: that is the question
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA_PACKAGES:
            raise
        _fail(f"Bots need the package {error.name}, which isn't installed: pip install 'telepresence[bots]'")


def _links(
    url: str, token: str | None, token_env: str | None, link: str | None, links: Path | None, count: int | None
) -> list[Link]:
    """Where each bot joins and as whom, from exactly one of the four ways to say it."""
    from telepresence.bots.link import LinkError, link_from, parse_link, read_links  # noqa: PLC0415  # beside its use

    if sum(way is not None for way in (token, token_env, link, links)) != 1:
        _usage("say who the bot is with exactly one of --link, --token-env, --token and --links")
    try:
        if links is not None:
            found = read_links(links.read_text(), url)
        elif link is not None:
            found = [parse_link(link)]
        else:
            if token_env is not None and not (token := os.environ.get(token_env)):
                _usage(f"the environment variable {token_env} is not set")
            found = [link_from(url, token or "")]
    except LinkError as error:
        _usage(str(error))
    return [found[index % len(found)] for index in range(count or len(found))]


def _form(size: str, fps: int) -> ChartFormat:
    """The chart's format from `640x360`."""
    from telepresence.bots.chart import ChartFormat  # noqa: PLC0415  # needs the extra

    found = re.fullmatch(r"(\d{2,4})[x×](\d{2,4})", size)
    if found is None:
        _usage(f"--size is {size!r}, it looks like 640x360")
    try:
        return ChartFormat(width=int(found[1]), height=int(found[2]), fps=fps)
    except ValueError as error:
        _usage(str(error))


def _tone(hz: float, level: float, *, beep: bool) -> Tone | None:
    """The tone, None for 0 Hz."""
    from telepresence.bots.chart import Tone  # noqa: PLC0415  # needs the extra

    if hz == 0:
        return None
    try:
        return Tone(hz=hz, level_dbfs=level, beep=beep)
    except ValueError as error:
        _usage(str(error))


def _log_to_stderr(*, verbose: bool) -> None:
    """Logs to standard error; the libraries' chatter only when asked for."""
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO if verbose else logging.WARNING
    )
    logging.getLogger("telepresence").setLevel(logging.DEBUG if verbose else logging.INFO)


def _usage(message: str) -> NoReturn:
    """Exit code 2, with what would be right."""
    raise typer.BadParameter(message)


def _fail(message: str) -> NoReturn:
    """Exit code 1, in a sentence."""
    _say.print(f"[red]telepresence:[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="telepresence bot")
