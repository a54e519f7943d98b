from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import DeadlineExceededError, FencedError
from tests.cluster.fake_api import DROP, SILENCE, Answer, document, status
from workers.cluster.connection import Request
from workers.cluster.errors import ApiError, UnreachableError

if TYPE_CHECKING:
    from tests.cluster.conftest import Serve
    from tests.cluster.fake_api import Asked

READ = Request("GET", "/api/v1/namespaces/a")
WRITE = Request("PATCH", "/api/v1/namespaces/a", body=b"{}", content_type="application/merge-patch+json")


def test_a_request_carries_who_we_are_and_what_we_take(serve: Serve) -> None:
    api, cluster = serve(lambda _: document({"kind": "Namespace"}))

    answer = cluster.connection.send(
        Request("GET", "/api/v1/namespaces/a", query={"x": "1"}), cluster.deadline
    )

    assert answer.json() == {"kind": "Namespace"}
    asked = api.asked[0]
    assert (asked.path, asked.query) == ("/api/v1/namespaces/a", {"x": "1"})
    assert asked.headers["User-Agent"] == "alumiini/test"
    assert asked.headers["Authorization"] == "Bearer let-me-in"
    assert asked.headers["Accept"] == "application/json"


def test_a_write_tells_the_server_when_to_give_up(serve: Serve) -> None:
    api, cluster = serve(lambda _: document({}))

    cluster.connection.send(WRITE, cluster.deadline)
    cluster.connection.send(WRITE, cluster.fence.deadline(1))
    cluster.connection.send(READ, cluster.deadline)

    first, second = (int(asked.query["timeout"].removesuffix("ms")) for asked in api.asked[:2])
    assert 3000 < first <= 4000
    assert 100 < second <= 1000
    assert "timeout" not in api.asked[2].query


def test_one_connection_serves_one_request_after_the_other(serve: Serve) -> None:
    peers: set[int] = set()

    def script(_: Asked) -> Answer:
        peers.add(threading.get_ident())  # a thread per connection
        return document({})

    _, cluster = serve(script)
    for _ in range(5):
        cluster.connection.send(Request("GET", "/livez"), cluster.deadline)

    assert len(peers) == 1


def test_an_error_answer_is_read_whatever_it_looks_like(serve: Serve) -> None:
    answers = iter(
        [
            status(403, "Forbidden", 'configmaps "a" is forbidden'),
            Answer(404, b"404 page not found\n"),
            Answer(502, b"<html>bad gateway</html>"),
            Answer(302, b"", {"Location": "http://elsewhere.example/"}),
        ]
    )
    _, cluster = serve(lambda _: next(answers))
    seen = []
    for _ in range(4):
        with pytest.raises(ApiError) as caught:
            cluster.connection.send(READ, cluster.deadline)
        seen.append((caught.value.status, caught.value.message, caught.value.plain))

    assert seen == [
        (403, 'configmaps "a" is forbidden', False),
        (404, "404 page not found", True),
        (502, "<html>bad gateway</html>", True),
        (302, "", True),
    ]


def test_too_many_requests_are_tried_again_after_the_time_the_server_asks_for(serve: Serve) -> None:
    answers = iter([status(429, "TooManyRequests", Retry_After="0"), document({"ok": True})])
    _, cluster = serve(lambda _: next(answers))

    assert cluster.connection.send(WRITE, cluster.deadline).json() == {"ok": True}
    assert cluster.calls == [("PATCH", 429), ("PATCH", 200)]


def test_a_server_that_asks_for_more_time_than_there_is_gets_no_second_request(serve: Serve) -> None:
    _, cluster = serve(lambda _: status(429, "TooManyRequests", Retry_After="60"))

    with pytest.raises(ApiError) as caught:
        cluster.connection.send(WRITE, cluster.deadline)

    assert caught.value.retry_after == 60
    assert cluster.calls == [("PATCH", 429)]


def test_a_server_that_is_always_busy_is_asked_four_times(serve: Serve) -> None:
    _, cluster = serve(lambda _: status(429, "TooManyRequests", Retry_After="0"))

    with pytest.raises(ApiError):
        cluster.connection.send(READ, cluster.deadline)

    assert cluster.calls == [("GET", 429)] * 4


@pytest.mark.parametrize("code", [400, 404, 409, 422, 500, 503])
def test_other_answers_are_final(serve: Serve, code: int) -> None:
    _, cluster = serve(lambda _: status(code))

    with pytest.raises(ApiError):
        cluster.connection.send(WRITE, cluster.deadline)

    assert cluster.calls == [("PATCH", code)]


def test_a_request_whose_connection_breaks_is_sent_again(serve: Serve) -> None:
    answers = iter([DROP, document({"ok": True})])
    _, cluster = serve(lambda _: next(answers))

    assert cluster.connection.send(WRITE, cluster.deadline).json() == {"ok": True}
    assert cluster.calls == [("PATCH", 0), ("PATCH", 200)]


def test_a_silent_server_ends_a_call_at_its_deadline_and_is_not_asked_again(serve: Serve) -> None:
    _, cluster = serve(lambda _: SILENCE)

    with pytest.raises(DeadlineExceededError):
        cluster.connection.send(READ, cluster.fence.deadline(0.2))

    assert cluster.calls == [("GET", 0)]


def test_a_server_that_drips_does_not_outlive_the_deadline(serve: Serve) -> None:
    _, cluster = serve(lambda _: Answer(lines=(b"{", b'"a"'), then="hang"))

    with pytest.raises(DeadlineExceededError):
        cluster.connection.send(READ, cluster.fence.deadline(0.2))


def test_closing_the_fence_ends_a_call_at_once(serve: Serve) -> None:
    arrived = threading.Event()

    def script(_: Asked) -> Answer:
        arrived.set()
        return SILENCE

    _, cluster = serve(script)

    def close() -> None:
        arrived.wait(5)
        cluster.fence.close()

    closer = threading.Thread(target=close)
    closer.start()

    with pytest.raises(FencedError):
        cluster.connection.send(READ, cluster.deadline)
    closer.join()


def test_a_call_that_was_cut_spoils_no_other_call(serve: Serve) -> None:
    answers = iter([document(1), SILENCE, document(2)])
    _, cluster = serve(lambda _: next(answers))
    cluster.connection.send(READ, cluster.deadline)
    with pytest.raises(DeadlineExceededError):
        cluster.connection.send(READ, cluster.fence.deadline(0.1))

    assert cluster.connection.send(READ, cluster.deadline).body == b"2"


def test_a_write_asks_the_guard_first(serve: Serve) -> None:
    def refuse() -> None:
        raise FencedError("not the leader")

    _, cluster = serve(lambda _: document({}))
    cluster.connection._guard = refuse

    cluster.connection.send(READ, cluster.deadline)
    with pytest.raises(FencedError):
        cluster.connection.send(WRITE, cluster.deadline)

    assert cluster.calls == [("GET", 200)]


def test_nobody_at_the_address_is_said_in_one_sentence(serve: Serve) -> None:
    api, cluster = serve(lambda _: document({}))
    api.__exit__()

    with pytest.raises(UnreachableError, match=f"the API server at {api.url} cannot be reached"):
        cluster.connection.send(READ, cluster.deadline)

    assert cluster.calls == [("GET", 0)] * 4


def test_a_stream_gives_each_line_when_it_comes(serve: Serve) -> None:
    lines = (b'{"a":1}\n{"b"', b":2}\n", b'{"cut off"')
    _, cluster = serve(lambda _: Answer(lines=lines))

    with cluster.connection.stream(READ, cluster.deadline, 5) as got:
        assert list(got) == [b'{"a":1}', b'{"b":2}']


def test_a_stream_that_falls_silent_is_given_up(serve: Serve) -> None:
    _, cluster = serve(lambda _: Answer(lines=(b"1\n",), then="hang"))

    with cluster.connection.stream(READ, cluster.deadline, 0.1) as got:
        assert next(got) == b"1"
        with pytest.raises(UnreachableError, match="did not answer in time"):
            next(got)


def test_a_stream_ends_when_the_fence_closes(serve: Serve) -> None:
    _, cluster = serve(lambda _: Answer(lines=(b"1\n",), then="hang"))

    with cluster.connection.stream(READ, cluster.deadline, 5) as got:
        assert next(got) == b"1"
        cluster.fence.close()
        with pytest.raises(FencedError):
            next(got)
