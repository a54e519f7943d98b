"""Files from the web, bounded in time and size, and refused unless they have the checksum we expect."""

from __future__ import annotations

import hashlib
import http.client
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from alumiini_py.controlplane.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 16
_MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of a file must add up to; ``algorithm`` is a name of hashlib."""

    algorithm: str
    hexdigest: str

    def verify(self, url: str, hexdigest: str) -> None:
        """Refuse what was received when it adds up to something else."""
        if hexdigest != self.hexdigest:
            raise UnavailableError(f"{url} does not have the expected {self.algorithm} and is refused")


@dataclass(frozen=True, slots=True)
class Web:
    """Downloads with bounds, in seconds.

    ``answer`` bounds everything up to the first byte, name resolution and redirects included: a machine
    without internet must not wait. ``silence`` bounds a pause between bytes, ``whole`` one download.
    """

    answer: float = 6.0
    silence: float = 20.0
    whole: float = 1200.0

    def save(self, url: str, target: Path, checksum: Checksum) -> None:
        """Write a file; raises UnavailableError and leaves no file when it is not exactly what we expect."""
        digest = hashlib.new(checksum.algorithm)
        try:
            with target.open("xb") as output:
                for chunk in self._chunks(url):
                    digest.update(chunk)
                    output.write(chunk)
            checksum.verify(url, digest.hexdigest())
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def text(self, url: str) -> str:
        """Return a short text file."""
        return b"".join(self._chunks(url)).decode(errors="replace")

    def _chunks(self, url: str) -> Iterator[bytes]:
        latest = time.monotonic() + self.whole
        received = 0
        with self._open(url) as response:
            while chunk := _read(url, response):
                received += len(chunk)
                if received > _MOST_BYTES or time.monotonic() > latest:
                    raise UnavailableError(f"{url} is too large or too slow")
                yield chunk
            promised = response.headers.get("Content-Length")
            if promised is not None and received != int(promised):
                raise UnavailableError(f"{url} was cut after {received} of {promised} bytes")

    def _open(self, url: str) -> http.client.HTTPResponse:
        """Ask in a thread of its own: name resolution knows no timeout."""
        answers: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(_OPENER.open(url, timeout=self.silence))
            except (OSError, http.client.HTTPException) as error:
                answers.put(error)

        threading.Thread(target=ask, name="download", daemon=True).start()
        try:
            answer = answers.get(timeout=self.answer)
        except queue.Empty:
            raise UnavailableError(f"{url} did not answer within {self.answer:g} s") from None
        if isinstance(answer, Exception):
            raise UnavailableError(f"{url} cannot be reached ({_brief(answer)})") from answer
        return answer


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but never from https to anything weaker."""

    def redirect_request(  # noqa: PLR0913, PLR0917 -- the signature is urllib's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Refuse, or do what urllib does."""
        if urllib.parse.urlsplit(newurl).scheme != req.type:
            fp.close()
            raise urllib.error.URLError("it redirects to another scheme")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_SameScheme)


def _read(url: str, response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"{url} broke off ({_brief(error)})") from error


def _brief(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"status {error.code}"
    return str(getattr(error, "reason", error)) or type(error).__name__
