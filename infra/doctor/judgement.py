"""From what was measured to findings: pure, one function a subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from infra.doctor.findings import Finding, error, ok, warning
from infra.lag.computation import Lag, Snapshot, lags

#: Behind for longer than this is worth a word.
LATE_SECONDS = 60
#: Clocks further apart than this make ages and freshness wrong.
CLOCK_SECONDS = 2.0
STAGES = ("intake", "crediting", "performance", "rollups", "sink")


def judge_topics(
    wanted: Mapping[str, int],
    sources: Iterable[str],
    found: Mapping[str, int],
    replication: Mapping[str, int],
    asked_replication: int,
) -> list[Finding]:
    """``wanted`` and ``found``: topic → partitions; ``replication``: topic → copies."""  # fmt: skip
    sources, findings = set(sources), []
    if missing := sorted(wanted.keys() - found.keys()):
        findings.append(
            error("topics", f"{_these(missing, 'topic is', 'topics are')} missing: {', '.join(missing)}.",
                  "create them: kpistream topics")
        )  # fmt: skip
    for name in sorted((wanted.keys() & found.keys()) - sources):
        if found[name] != wanted[name]:
            findings.append(
                error("topics", f"{name} has {found[name]} partitions, the settings ask for {wanted[name]}.",
                      f"set KPISTREAM_PARTITIONS={found[name]}: the partitions of a topic in use cannot be changed")
            )  # fmt: skip
    thin = sorted(name for name in wanted if replication.get(name, asked_replication) < asked_replication)
    if thin:
        findings.append(
            warning("topics", f"{', '.join(thin)}: fewer than {asked_replication} copies.",
                    "raise them with kafka-reassign-partitions, or lower KPISTREAM_REPLICATION")
        )  # fmt: skip
    return findings or [ok("topics", f"{len(wanted)} topics are there, {sum(found[n] for n in wanted)} partitions.")]


def judge_groups(snapshot: Snapshot, prefix: str, waits: Mapping[str, float]) -> list[Finding]:
    """Members and lag of each stage; ``waits``: group → age of the oldest record it has to commit."""
    rows, findings = lags(snapshot), []
    for stage in STAGES:
        group = f"{prefix}-{stage}"
        members = snapshot.groups[group].members if group in snapshot.groups else 0
        mine = [row for row in rows if row.group == group]
        findings += _judge_group(stage, group, members, mine, waits.get(group, 0.0))
    return findings


def _judge_group(stage: str, group: str, members: int, rows: list[Lag], waits: float) -> list[Finding]:
    behind = sum(max(0, row.records) for row in rows)
    late = f"{behind:,} records behind, the oldest has waited for {waits:,.0f} s" if behind else "level with its input"
    command = "kpistream sink" if stage == "sink" else "kpistream worker"
    findings = []
    if not members:
        findings.append(error(stage, f"No process reads for {group}; {late}.", f"start one: {command}"))
    elif waits > LATE_SECONDS:
        findings.append(
            warning(stage, f"{_members(members)}, {late}.",
                    f"see whether it moves: kpistream top; then its log, or more workers ({command})")
        )  # fmt: skip
    else:
        findings.append(ok(stage, f"{_members(members)}, {late}."))
    beyond = sorted({row.place.topic for row in rows if row.committed > row.end})
    if beyond:
        findings.append(
            error(stage, f"{group} has committed beyond the end of {', '.join(beyond)}: the topic was made anew.",
                  "topics, commits and checkpoints belong together: start over with all of them, or use another "
                  "KPISTREAM_GROUP_PREFIX")
        )  # fmt: skip
    return findings


def judge_dead_letters(count: int, by_reason: Iterable[tuple[str, int]]) -> Finding:
    """Letters that are there, the most frequent reasons first."""
    if not count:
        return ok("dead letters", "None.")
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in by_reason)
    return warning(
        "dead letters",
        f"{count:,} records could not be used: {reasons}.",
        "look at them: kpistream dlq list; once mended: kpistream dlq replay",
    )


def judge_clock(what: str, ahead_seconds: float) -> Finding:
    """``ahead_seconds``: that server's clock minus ours."""
    if abs(ahead_seconds) <= CLOCK_SECONDS:
        return ok("clock", f"{what} agrees with this machine's within {CLOCK_SECONDS:g} s.")
    way = "ahead of" if ahead_seconds > 0 else "behind"
    return warning(
        "clock",
        f"{what} is {abs(ahead_seconds):,.1f} s {way} this machine's.",
        "ages and freshness are wrong by that much: let both follow the same time server",
    )


def judge_migrations(states: Iterable[tuple[str, str]]) -> Finding:
    """``states``: (file, applied | pending | changed | missing)."""
    states = list(states)
    by = {state: [name for name, one in states if one == state] for state in ("pending", "changed", "missing")}
    if by["changed"]:
        return error("migrations", f"{', '.join(by['changed'])} differs from what was applied.",
                     "put the file back and add a new migration instead")  # fmt: skip
    if by["missing"]:
        return error("migrations", f"{', '.join(by['missing'])} was applied, but is not in this version of kpistream.",
                     "the database is newer than the program: install the newer program")  # fmt: skip
    if by["pending"]:
        return error("migrations", f"{len(by['pending'])} of {len(states)} are not applied yet.",
                     "apply them: kpistream migrate")  # fmt: skip
    return ok("migrations", f"All {len(states)} are applied.")


def _members(number: int) -> str:
    return f"{number} member{'' if number == 1 else 's'}"


def _these(names: list[str], one: str, many: str) -> str:
    return f"{len(names)} {one if len(names) == 1 else many}"
