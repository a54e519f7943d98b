"""What the demo prints: steps with how long they took, then what to try."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.demo.stage import Addresses

_WIDTH = 76


class Script:
    """Writes to the terminal; colour only on a terminal and without ``NO_COLOR``."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def title(self, text: str) -> None:
        """Begin a part of the show."""
        self.line("")
        self.line(self._in("1", text))

    def line(self, text: str) -> None:
        """Write a line as it is."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def progress(self, text: str) -> None:
        """Tell how a long step goes."""
        self.line(self._in("2", f"    {text}"))

    def seen(self, text: str, seconds: float) -> None:
        """Tell what was verified and how long it took."""
        took = f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
        dots = "." * max(2, _WIDTH - len(text) - len(took))
        self.line(f"  {self._in('32', 'ok')} {text} {self._in('2', dots)} {self._in('1', took)}")

    def failed(self, text: str) -> None:
        """Tell what was not verified."""
        self.line(f"  {self._in('31', 'FAILED')} {text}")

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Tell of a step when it is done."""
        begun = time.monotonic()
        yield
        self.seen(text, time.monotonic() - begun)

    def invitation(self, addresses: Addresses, urls: dict[str, str], *, pushes: bool) -> None:
        """Say what to try while everything runs; ``pushes`` tells that a push is announced by itself."""
        self.title("Everything stays up until Ctrl-C. In another terminal:")
        self.line(f"  export KUBECONFIG={addresses.kubeconfig}")
        self.line(f'  alias kubectl="{addresses.kubectl}"')
        self.line("  kubectl get agr -A")
        for name, url in urls.items():
            if pushes:
                self.line(f"  git clone {url}    # change {name}, push: it is announced and applied at once")
            else:
                self.line(f"  # a push to {url} is found within a minute; announced like this, at once:")
        self.line(f"  curl {addresses.status}")
        self.line(f"  curl {addresses.status.rpartition('/api/')[0]}/metrics")
        url = next(iter(urls.values()))
        self.line(f"  commit=$(git ls-remote {url} refs/heads/main | cut -f1)")
        self.line(f"  body='{_body(url)}'")
        self.line("  curl -d \"$body\" -H 'Content-Type: application/json' -H 'X-GitHub-Event: push' \\")
        self.line(
            '    -H "X-Hub-Signature-256: sha256=$(printf %s "$body" |'
            f" openssl dgst -sha256 -hmac {addresses.secret} | sed 's/.* //')\" {addresses.webhook}"
        )
        self.line(f"  tail -f {addresses.log}")

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _body(url: str) -> str:
    repository = f'{{"clone_url":"{url}"}}'
    return f'{{"ref":"refs/heads/main","after":"\'$commit\'","repository":{repository}}}'
