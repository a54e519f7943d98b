"""The server listens where it is told, says clearly when it cannot, and ends when it is told."""

from __future__ import annotations

import gc
import http.client
import queue
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.webhooks.serving import read_all
from webhooks.server import HttpServer, ListenError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def peer(request: Request) -> Response:
    return PlainTextResponse(f"{request.client.host if request.client else None} {request.url.scheme}")


APP = Starlette(routes=[Route("/peer", peer)])


def get(address: str, headers: dict[str, str] | None = None) -> tuple[str, http.client.HTTPMessage]:
    host, _, port = address.rpartition(":")
    with closing(http.client.HTTPConnection(host.strip("[]"), int(port), timeout=10)) as connection:
        connection.request("GET", "/peer", headers=headers or {})
        response = connection.getresponse()
        return response.read().decode(), response.headers


@pytest.mark.parametrize(
    ("bind", "shown"), [("127.0.0.1:0", "127.0.0.1"), ("localhost:0", "127.0.0.1"), (":0", "0.0.0.0")]
)
def test_a_free_port_is_taken_and_told(bind: str, shown: str) -> None:
    server = HttpServer(APP, bind)
    server.start()
    try:
        host, _, port = server.address.rpartition(":")
        assert (host, int(port) > 0) == (shown, True)
        assert get(f"127.0.0.1:{port}")[0] == "127.0.0.1 http"
    finally:
        server.stop()


def test_ipv6_addresses_stand_in_brackets() -> None:
    server = HttpServer(APP, "[::1]:0")
    server.start()
    try:
        assert server.address.startswith("[::1]:")
        assert get(server.address)[0] == "::1 http"
    finally:
        server.stop()


def test_a_port_that_is_taken_is_one_clear_sentence() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ListenError) as error:
            HttpServer(APP, bind).start()

    assert str(error.value) == f"cannot listen on {bind}: Address already in use; free it or choose another"


@pytest.mark.parametrize("bind", ["", "9292", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536"])
def test_what_is_no_address_is_one_clear_sentence(bind: str) -> None:
    with pytest.raises(ListenError) as error:
        HttpServer(APP, bind).start()

    assert str(error.value).startswith(f"{bind!r} is no address to listen on; write it like ")


def test_a_host_that_does_not_exist_is_a_listen_error() -> None:
    with pytest.raises(ListenError, match=r"cannot listen on nowhere\.invalid:0"):
        HttpServer(APP, "nowhere.invalid:0").start()


def test_headers_of_a_proxy_are_not_believed_and_the_server_does_not_say_what_it_is() -> None:
    server = HttpServer(APP, "127.0.0.1:0")
    server.start()
    try:
        text, headers = get(server.address, {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https"})
    finally:
        server.stop()

    assert text == "127.0.0.1 http"
    assert "Server" not in headers


def test_connections_answer_without_waiting_for_an_acknowledgement() -> None:
    server = HttpServer(APP, "127.0.0.1:0")
    server.start()
    try:
        assert server._socket is not None
        assert server._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    finally:
        server.stop()


def test_it_lives_from_start_to_stop_and_frees_its_port() -> None:
    server = HttpServer(APP, "127.0.0.1:0")
    lives = [server.alive]
    server.start()
    lives.append(server.alive)
    server.stop()
    lives.append(server.alive)

    assert lives == [False, True, False]
    again = HttpServer(APP, server.address)
    again.start()
    again.stop()


def test_an_event_loop_that_does_not_turn_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, go_on = threading.Event(), threading.Event()

    async def block(_request: Request) -> Response:
        stuck.set()
        go_on.wait(10)
        return PlainTextResponse("")

    server = HttpServer(Starlette(routes=[Route("/peer", block)]), "127.0.0.1:0")
    server.start()
    asking = threading.Thread(target=get, args=[server.address])
    asking.start()
    assert stuck.wait(10)
    monkeypatch.setattr("webhooks.server._STUCK_SECONDS", 0.5)
    try:
        assert any(not server.alive or go_on.wait(0.05) for _ in range(200))
    finally:
        go_on.set()
        asking.join()
        server.stop()


def test_it_may_be_stopped_before_it_was_started() -> None:
    HttpServer(APP, "127.0.0.1:0").stop()


def test_a_request_under_way_is_answered_before_the_end() -> None:
    arrived, go_on = threading.Event(), threading.Event()
    answers: list[str] = []

    def slow(_request: Request) -> Response:
        arrived.set()
        go_on.wait(10)
        return PlainTextResponse("done")

    server = HttpServer(Starlette(routes=[Route("/peer", slow)]), "127.0.0.1:0")
    server.start()
    asking = threading.Thread(target=lambda: answers.append(get(server.address)[0]))
    asking.start()
    assert arrived.wait(10)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    go_on.set()
    stopping.join(10)
    asking.join(10)

    assert answers == ["done"]


def test_a_client_that_never_ends_does_not_hold_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.server._GRACE_SECONDS", 0)

    async def endless(request: Request) -> Response:
        await request.body()
        raise AssertionError

    server = HttpServer(Starlette(routes=[Route("/peer", endless, methods=["POST"])]), "127.0.0.1:0")
    server.start()
    host, _, port = server.address.rpartition(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
        connection.sendall(
            b"POST /peer HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")

        server.stop()

        assert not server.alive
        read_all(connection)


def test_a_server_that_dies_of_an_error_tells_it_and_leaves_its_address_free() -> None:
    ends: queue.Queue[BaseException | None] = queue.Queue()
    gc.disable()
    try:
        server = HttpServer(APP, "127.0.0.1:0", ends.put)
        server.start()
        server._server.on_tick = fail_at_once  # type: ignore[method-assign, assignment]  # a bug in the loop
        assert isinstance(ends.get(timeout=10), ZeroDivisionError)

        successor = HttpServer(APP, server.address)
        successor.start()
        assert successor.stop()
        assert server.stop()
    finally:
        gc.enable()


async def fail_at_once(_: int) -> bool:
    raise ZeroDivisionError
