"""One run, first line to last: servers, topics, tables, plan, processes, events, drain, summary."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from infra.clickhouse.migrate import migrate
from infra.clickhouse.reconcile import reconcile
from infra.control_topic import apply_plan
from infra.local.errors import StackError
from infra.local.stack import LocalStack
from infra.run.alerts_tail import FILE_NAME as ALERTS_FILE
from infra.run.alerts_tail import AlertsTail
from infra.run.awards_tail import AwardsTail
from infra.run.feed import Feed
from infra.run.figures import Figures, FiguresReader, bi_client
from infra.run.folder import RunFolder
from infra.run.services import services
from infra.run.source_data import Options, SourceData, imported, simulated
from infra.run.stopping import Stop
from infra.run.summary import (
    alerts_late_line,
    attainment_lines,
    left_lines,
    read_result,
    reconcile_lines,
    result_lines,
    say_all,
    write_attainment,
)
from infra.run.supervisor import Program, ServerProgram, Supervisor
from infra.run.view import PlainView
from infra.settings import Settings, load_settings
from infra.topic_admin import create_topics
from sinks.connection import from_settings

_TICK_SECONDS = 0.1
_READY_SECONDS = 90
#: How long the stages may take to work off what is left.
_DRAIN_SECONDS = 60
#: How long the alerts may take after that, until all awards are pushed.
_ALERTS_SECONDS = 60


class Session:
    """Use once: ``run`` returns the exit code. Whatever happens, what was started is stopped."""

    def __init__(self, options: Options, folder: RunFolder, view: PlainView, stop: Stop) -> None:
        self._options, self._folder, self._view, self._stop = options, folder, view, stop
        self._supervisor = Supervisor(view.say)
        self._alerts = AlertsTail(folder.path / ALERTS_FILE)

    def run(self) -> int:
        """The whole run. Raises StackError and the errors of plans, mappings, topics and migrations."""
        with ExitStack() as closing:
            source = self._source()
            settings = self._servers(closing)
            self._prepare(settings, source)
            self._processes(closing)
            tail = AwardsTail(settings)
            closing.callback(tail.close)
            reader = FiguresReader(settings, source.plan, self._supervisor.ports())
            closing.callback(reader.close)
            self._view.say("Events flow; Ctrl-C ends the run in order.")
            self._view.begin()
            closing.callback(self._view.end)
            self._stop.calm()
            begun = time.monotonic()
            feed = Feed(source.commands, self._folder.logs / "events.log", self._folder.lock_fd)
            closing.callback(feed.stop)
            drained = self._flow(begun, feed, reader, tail)
            seconds = time.monotonic() - begun
            self._view.end()
            return self._summary(settings, source, reader.newest.came_in, seconds, drained, feed)

    # -- start

    def _source(self) -> SourceData:
        if self._options.data is None:
            return simulated(self._options)
        with self._view.step(f"Importing {self._options.data}"):
            source = imported(self._options, self._folder.path / "import")
        if source.events == 0:
            self._view.say(f"  {source.notes[-1]}")
            raise StackError(f"Nothing in {self._options.data} could be turned into an event.")
        for note in source.notes:
            self._view.say(f"  {note}")
        return source

    def _servers(self, closing: ExitStack) -> Settings:
        with self._view.step("Starting Kafka and ClickHouse"):
            stack = LocalStack(self._folder.stack)
            closing.callback(stack.stop)
            connection = stack.start()
        self._supervisor.adopt(ServerProgram("kafka", stack.kafka))
        self._supervisor.adopt(ServerProgram("clickhouse", stack.clickhouse))
        os.environ.update(connection.environment())  # for us and for every child
        # each event costs a block in every partition it fans out to; one a worker is enough, and quickest
        os.environ.setdefault("KPISTREAM_PARTITIONS", str(self._options.workers))
        os.environ["KPISTREAM_WEB_HOST"] = connection.clickhouse_host
        os.environ["KPISTREAM_ALERTS_TEXT"] = str(self._alerts.path)
        os.environ["KPISTREAM_FAUST_DATA"] = str(self._folder.path / "faust")
        return load_settings()

    def _prepare(self, settings: Settings, source: SourceData) -> None:
        with self._view.step("Creating topics"):
            create_topics(settings)
        with self._view.step("Migrating ClickHouse"):
            migrate(from_settings(settings))
        with self._view.step(f"Applying the plan {source.plan.plan}"):
            apply_plan(settings, source.plan)

    def _processes(self, closing: ExitStack) -> None:
        closing.callback(self._supervisor.stop)
        table = services(self._options.workers)
        with self._view.step(f"Starting {', '.join(name for service in table for name in service.names())}"):
            for service in table:
                for name in service.names():
                    log = self._folder.logs / f"{name}.log"
                    self._supervisor.start(Program(name, service.command, log, self._folder.lock_fd, service.yields))
            self._supervisor.wait_ready(_READY_SECONDS)
        running = ", ".join(f"{name} {pid}" for name, pid, _ in self._supervisor.processes())
        self._view.say(f"  processes: {running}; logs in {self._folder.logs}")

    # -- while events flow

    def _flow(self, begun: float, feed: Feed, reader: FiguresReader, tail: AwardsTail) -> bool:
        """Feed until time is up or someone asks to stop, then drain, alerts last; whether all stages caught up."""
        duration = self._options.duration
        told = False
        while not self._over(begun, duration):
            feed.check()
            if feed.done and not told:
                told = True
                self._view.say(feed.failed or "All events are in.")
            self._tick(begun, reader, tail)
        self._view.say(self._why_over())
        feed.stop()
        if not self._drained(begun, reader, tail, lambda figures: figures.caught_up, _DRAIN_SECONDS):
            return False
        self._view.say("The stages are done; waiting until all awards are pushed …")
        if not self._drained(begun, reader, tail, lambda figures: figures.announced, _ALERTS_SECONDS):
            self._view.say(alerts_late_line(reader.newest))
        return True

    def _drained(
        self, begun: float, reader: FiguresReader, tail: AwardsTail, done: Callable[[Figures], bool], seconds: float
    ) -> bool:
        """Whether figures that are asked for from now on are ``done`` in time, and before the next signal."""
        since, asked = time.monotonic(), self._stop.asked
        while not (reader.newest.asked_at > since and done(reader.newest)):
            if self._supervisor.failed or self._stop.asked > asked or time.monotonic() > since + seconds:
                return False
            self._tick(begun, reader, tail)
        return True

    def _over(self, begun: float, duration: float | None) -> bool:
        late = duration is not None and time.monotonic() >= begun + duration
        return late or self._stop.check() or bool(self._supervisor.failed)

    def _why_over(self) -> str:
        if self._supervisor.failed:
            return self._supervisor.failed[0]
        return "Ending: waiting until the stages have worked off what is in …"

    def _tick(self, begun: float, reader: FiguresReader, tail: AwardsTail) -> None:
        self._supervisor.check()
        self._view.pushed(self._alerts.take())
        self._view.show(time.monotonic() - begun, reader.newest, tail, self._supervisor)
        time.sleep(_TICK_SECONDS)

    # -- end

    def _summary(
        self, settings: Settings, source: SourceData, came_in: int, seconds: float, drained: bool, feed: Feed
    ) -> int:
        view, folder = self._view, self._folder.path
        if not drained:
            view.say("The stages did not work off everything, so the figures below are not final.")
        with bi_client(settings) as client:
            result = read_result(client, came_in)
            say_all(view.say, result_lines(result, seconds, self._supervisor.restarts))
            say_all(view.say, left_lines(came_in, source.events))
            self._alerts.take()
            if self._alerts.count:
                view.say(f"alerts         {self._alerts.count:,} pushed, in {_relative(self._alerts.path)}")
            report = reconcile(from_settings(settings))
            say_all(view.say, reconcile_lines(report, folder / "reconcile.txt"))
            if self._options.data is not None:
                file = folder / "attainment.csv"
                say_all(view.say, attainment_lines(write_attainment(client, file), file))
        shown = _relative(folder)
        view.say(f"data           {shown}; to look at it again: kpistream stack start --data {shown / 'stack'}")
        well = drained and result.adds_up and not report.differences and not feed.failed and not self._supervisor.failed
        return 0 if well else 1


def _relative(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
