"""The prober, against real servers of this machine."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from havip.fabric.linux.agent import answers
from havip.fabric.linux.agent.answers import LONGEST_NAME, UNNAMED
from havip.fabric.linux.agent.probing import NOBODY, Prober, Run, longest_silence_ms
from tests.consoles import eventually

pytestmark = pytest.mark.slow

ADDRESS = "127.0.0.1"


class Server:
    """Answers each connection with the same bytes, until it is stopped; its port stays the same."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        # Nobody else gets the port while nobody listens there.
        self._place = self._bound(0)
        self.port = self._place.getsockname()[1]
        self._thread = threading.Thread()
        self._listener = self._place

    @staticmethod
    def _bound(port: int) -> socket.socket:
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((ADDRESS, port))
        return bound

    def start(self) -> None:
        self._listener = self._bound(self.port)
        self._listener.listen(4096)  # a minute of probes, if this thread gets no processor
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._thread.start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                if self.answer.startswith(b"HTTP/"):
                    connection.recv(4096)
                connection.sendall(self.answer)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


def page(name: str) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + name.encode() + b"\n"


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server(page("ECS1"))
    started.start()
    yield started
    started.stop()


@contextlib.contextmanager
def probing(port: int, **choices: int) -> Iterator[Prober]:
    prober = Prober(ADDRESS, port, **choices)
    prober.start()
    try:
        yield prober
    finally:
        prober.stop()
    assert prober.fault == ""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def who(prober: Prober) -> list[str]:
    """Return who answered, in order. A connection that a server accepted and did not get to before its end names nobody."""
    found: list[str] = []
    for run in prober.runs():
        if run.answered_by != UNNAMED and found[-1:] != [run.answered_by]:
            found.append(run.answered_by)
    return found


def until(prober: Prober, *names: str) -> None:
    eventually(lambda: who(prober) == list(names), f"{names}")


class TestRuns:
    def test_a_server_that_goes_and_comes_back_as_another(self, server: Server) -> None:
        with probing(server.port) as prober:
            until(prober, "ECS1")
            server.stop()
            stopped = prober.elapsed_ms
            until(prober, "ECS1", NOBODY)
            eventually(lambda: prober.runs()[-1].ended_ms > stopped + 100, "a silence")
            unanswered = prober.runs()[-1]
            assert unanswered.answered_by == NOBODY
            server.answer = page("ECS2")
            server.start()
            until(prober, "ECS1", NOBODY, "ECS2")
        silence = prober.longest_silence_ms
        assert silence is not None
        assert silence >= unanswered.ended_ms - stopped
        runs = prober.runs()
        assert [run.sequence for run in runs] == list(range(len(runs)))
        for earlier, later in itertools.pairwise(runs):
            # A late probe may leave so shortly before its successor that both round to the same.
            assert earlier.started_ms <= earlier.ended_ms <= later.started_ms
            assert earlier.answered_by != later.answered_by

    def test_probes_leave_on_the_grid(self, server: Server) -> None:
        with probing(server.port) as prober:
            eventually(lambda: sum(run.probes for run in prober.runs()) > 30, "30 probes")
        for run in prober.runs():
            # Late ones are left out, never made up for: there are not more than the grid has places.
            assert run.probes <= (run.ended_ms - run.started_ms) / 20 + 2
        assert prober.longest_stall_ms >= 0

    def test_no_silence_is_none(self, server: Server) -> None:
        with probing(server.port) as prober:
            until(prober, "ECS1")
        assert prober.longest_silence_ms is None

    def test_news_are_told_once(self, server: Server) -> None:
        with probing(server.port) as prober:
            until(prober, "ECS1")
            server.stop()
            until(prober, "ECS1", NOBODY)
            told: dict[int, Run] = {run.sequence: run for run in prober.news()}
            server.start()
            until(prober, "ECS1", NOBODY, "ECS1")
        fresh = prober.news()
        assert fresh
        assert fresh[0].sequence >= len(told) - 1
        told |= {run.sequence: run for run in fresh}
        known = {run.sequence: run for run in prober.runs()}
        assert {number: known[number] for number in told} == told
        assert prober.news() == []

    @pytest.mark.parametrize(
        ("answers", "expected"),
        [
            ("", None),
            ("1", None),
            ("1-", None),
            ("-1", None),
            ("11", None),
            ("1-1", 40),
            ("1--2", 60),
            ("1-?--1", 60),
            ("-1-1---1-", 80),
        ],
    )
    def test_longest_silence(self, answers: str, expected: int | None) -> None:
        runs = [
            Run(number, number * 20, number * 20, "" if each == "-" else each, 1)
            for number, each in enumerate(answers)
        ]
        assert longest_silence_ms(runs) == expected


class TestIndependence:
    def test_lost_probes_delay_none_and_late_answers_do_not_count(self) -> None:
        """A full queue: the kernel drops what asks, as a dead machine does, and answers when it asks for the second time."""
        with socket.socket() as listener:
            listener.bind((ADDRESS, 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            with contextlib.ExitStack() as fillers:
                fillers.enter_context(socket.create_connection((ADDRESS, port)))
                filler = fillers.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex((ADDRESS, port))
                with probing(port, answer_within_ms=2500, deadline_ms=3000) as prober:
                    eventually(lambda: len(prober._under_way) > 20, "20 probes under way")
                    filled = prober.elapsed_ms
                    listener.setblocking(False)

                    def drain() -> bool:
                        with contextlib.suppress(BlockingIOError):
                            while True:
                                listener.accept()[0].close()
                        return any(run.answered_by for run in prober.runs())

                    eventually(drain, "an answer")
        first = prober.runs()[0]
        assert first.answered_by == NOBODY
        assert first.probes > 10  # all of them asked a second time, and had an answer then
        assert first.started_ms < filled

    def test_descriptors_are_bounded(self) -> None:
        with socket.socket() as listener:
            listener.bind((ADDRESS, 0))
            listener.listen(4096)  # accepted by the kernel, and never a word
            before = descriptors()
            with probing(
                listener.getsockname()[1], answer_within_ms=100, deadline_ms=100
            ) as prober:
                most = 0
                for _ in range(3):
                    seen = prober.elapsed_ms
                    eventually(lambda seen=seen: prober.elapsed_ms > seen + 200, "time")  # type: ignore[misc]
                    most = max(most, descriptors() - before)
            assert most <= 100 / 20 + 10
            assert {run.answered_by for run in prober.runs()} == {UNNAMED}
            assert descriptors() <= before

    def test_it_ends_by_itself(self, server: Server) -> None:
        for longest in (0.3, 3, 20):  # a slow machine may have no answer in a short time
            prober = Prober(ADDRESS, server.port, longest_seconds=longest)
            prober.start()
            eventually(lambda prober=prober: not prober.is_alive, "the end")  # type: ignore[misc]
            prober.stop()
            prober.stop()
            if prober.runs():
                break
        assert prober.runs()

    def test_a_namespace_that_is_not_there(self) -> None:
        prober = Prober(ADDRESS, 80, namespace="/run/netns/havip-nowhere")
        prober.start()
        eventually(lambda: not prober.is_alive, "the end")
        prober.stop()
        assert "FileNotFoundError" in prober.fault
        assert prober.runs() == []

    def test_never_started(self) -> None:
        Prober(ADDRESS, 80).stop()

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Prober("not an address", 80),
            lambda: Prober(ADDRESS, 0),
            lambda: Prober(ADDRESS, 65536),
            lambda: Prober(ADDRESS, 80, interval_ms=0),
            lambda: Prober(ADDRESS, 80, answer_within_ms=2000),
        ],
    )
    def test_nonsense_is_refused(self, make: Callable[[], Prober]) -> None:
        with pytest.raises(ValueError):
            make()


class TestNames:
    @pytest.mark.parametrize(
        ("answer", "name"),
        [
            (page("ECS1"), "ECS1"),
            (b"HTTP/1.0 200 OK\r\n\r\nweb 1", "web 1"),
            (b"HTTP/1.1 200 OK\r\n\r\n\r\n  two\t words \nmore", "two words"),
            (b"HTTP/1.1 200 OK\r\n\r\n" + "名字\n".encode(), "名字"),
            (b"HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html>\n", UNNAMED),
            (b"HTTP/1.1 502 Bad Gateway\r\n\r\nECS1\n", UNNAMED),
            (b"HTTP/1.1 200 OK\r\n", UNNAMED),
            (b"HTTP/", UNNAMED),
            (b"", UNNAMED),
            (b"\n\n", UNNAMED),
            (b"220 mail ready\r\n", "220 mail ready"),
            (b"a\x00b\x1b[31m\xff\n", "a b [31m\N{REPLACEMENT CHARACTER}"),
            (b"x" * 500, "x" * LONGEST_NAME),
        ],
    )
    def test_of_answers(self, answer: bytes, name: str) -> None:
        assert answers.name_of(answer) == name

    @pytest.mark.parametrize("answer", [page("ECS9"), b"ECS9\n", b"ECS9"])
    def test_over_the_wire(self, answer: bytes) -> None:
        server = Server(answer)
        server.start()
        try:
            with probing(server.port) as prober:
                until(prober, "ECS9")
        finally:
            server.stop()

    def test_an_answer_without_end(self) -> None:
        server = Server(b"z" * 1_000_000)
        server.start()
        try:
            with probing(server.port) as prober:
                until(prober, "z" * LONGEST_NAME)
        finally:
            server.stop()
