"""One signaling socket of a bot: joins, asks and gets answers, and hands on what comes unasked.

Before this module is a link (`link.py`); after it, `participant.py` decides what the messages mean. A session lives
as long as its socket; coming back is the participant's business.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from telepresence.bots.link import Link
from telepresence.signaling.messages import (
    PROTOCOL_VERSIONS,
    ClientMessage,
    Closing,
    Done,
    Error,
    ErrorCode,
    Join,
    Joined,
    Published,
    ServerMessage,
    Waiting,
)

_OPEN_S = 25.0  # above the longest wait at the server's door (door.py)
_ANSWER_S = 10.0  # a server that is silent for so long is as good as gone
_HEARTBEAT_S = 10.0  # a dead socket is noticed after 15 s, well within the 30 that a seat is kept

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)


class UnreachableError(Exception):
    """The server cannot be reached, or does not answer as this server would; the message says how."""


class RefusedError(Exception):
    """The server refused a request: `code` for programs, the text is its own words."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class _Question:
    """A request on its way, and how long its answer may take."""

    answer: asyncio.Future[Joined | Published | Done]
    patience: asyncio.Timeout


class Session:
    """An open socket. Use as `async with await Session.open(link)`."""

    def __init__(self, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._http = http
        self._socket = socket
        self._requests = itertools.count(1)
        self._asked: dict[int, _Question] = {}

    @classmethod
    async def open(cls, link: Link) -> Self:
        """Connects. Raises UnreachableError."""
        http = aiohttp.ClientSession()
        try:
            async with asyncio.timeout(_OPEN_S):
                socket = await http.ws_connect(link.socket, heartbeat=_HEARTBEAT_S)
        except aiohttp.WSServerHandshakeError as error:
            await http.close()
            raise UnreachableError(
                f"{link.origin} answers, but not as this server: {error.status} {error.message}"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            await http.close()
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or "no answer"
            raise UnreachableError(f"No server can be reached at {link.origin}: {why}") from error
        except BaseException:
            await http.close()
            raise
        return cls(http, socket)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the socket; `listen` ends."""
        await self._socket.close()
        await self._http.close()

    def next_request(self) -> int:
        """A number for a message that wants an answer."""
        return next(self._requests)

    async def request(self, message: ClientMessage) -> Joined | Published | Done:
        """Sends a message and waits for its answer, which `listen` must be there to read.

        Raises RefusedError with the server's words, UnreachableError if the socket is lost or nothing comes for 10 s. Who must
        be let in waits as long as it takes.
        """
        answer: asyncio.Future[Joined | Published | Done] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_ANSWER_S) as patience:
                self._asked[message.request] = _Question(answer, patience)
                await self._socket.send_str(_encoder.encode(message).decode())
                return await answer
        except TimeoutError:
            raise UnreachableError(
                f"The server did not answer {type(message).__name__} within {_ANSWER_S:g} s"
            ) from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise UnreachableError(f"The socket was lost: {error}") from error
        finally:
            self._asked.pop(message.request, None)

    async def listen(self, on_message: Callable[[ServerMessage], None]) -> Closing | None:
        """Reads until the socket ends, and returns the server's last message if it gave a reason.

        `on_message` gets all but answers, and the join answer, in the order in which the server sent them.
        Raises RefusedError if the server refuses what was no request of ours, UnreachableError if it sends what is no message.
        """
        closing = None
        try:
            async for frame in self._socket:
                message = _decode(frame)
                if isinstance(message, Closing):
                    closing = message
                elif not self._settle(message) or isinstance(message, Joined):
                    on_message(message)
        except (RefusedError, UnreachableError) as error:
            self._abandon(error)
            raise
        self._abandon(UnreachableError("The socket was closed before the answer came"))
        return closing

    def _settle(self, message: ServerMessage) -> bool:
        """True if the message is the answer to a request, which is settled by it."""
        if isinstance(message, Error) and message.re is None and message.code is not ErrorCode.TOO_MANY:
            raise RefusedError(message.code, message.message)
        if isinstance(message, Waiting) and (question := self._asked.get(message.re)):
            question.patience.reschedule(None)
        if not isinstance(message, Joined | Published | Done | Error):
            return False
        question = self._asked.get(message.re or 0)
        if question is not None and not question.answer.done():
            if isinstance(message, Error):
                question.answer.set_exception(RefusedError(message.code, message.message))
            else:
                question.answer.set_result(message)
        return True

    def _abandon(self, error: RefusedError | UnreachableError) -> None:
        """Nothing more will come: whoever waits learns why."""
        for question in self._asked.values():
            if not question.answer.done():
                question.answer.set_exception(error)


async def join(session: Session, link: Link, *, slots: int, resume: str | None) -> Joined:
    """Joins with as many pairs to receive. Raises RefusedError and UnreachableError."""
    message = Join(
        request=session.next_request(), versions=PROTOCOL_VERSIONS, token=link.token, slots=slots, resume=resume
    )
    answer = await session.request(message)
    if not isinstance(answer, Joined):
        raise UnreachableError(f"The server answered the join with {type(answer).__name__}, not with Joined")
    return answer


def _decode(frame: aiohttp.WSMessage) -> ServerMessage:
    """A message from a frame. Raises UnreachableError for what is none: then this is another kind of server."""
    if frame.type is not aiohttp.WSMsgType.TEXT:
        raise UnreachableError(f"The server sent a frame of type {frame.type}, not text")
    try:
        return _decoder.decode(frame.data)
    except msgspec.MsgspecError as error:
        raise UnreachableError(f"The server sent what is no message of this protocol: {error}") from error
