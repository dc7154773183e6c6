"""Whether a run was right: its sums and awards against brute force. A wrong run has no speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.sales import Expected


@dataclass(frozen=True)
class Award:
    """A tier that somebody reached, and the id of the event that did it, '' where the system does not say."""

    employee: str
    month: str
    tier: int
    event: str = ""


def judge(
    expected: Expected,
    sums: Mapping[tuple[str, str], tuple[int, int]] | None,
    awards: Sequence[Award] | None,
    id_of: Callable[[int], str],
) -> str:
    """'ok: …' or 'wrong: …'. Sums are (cents, count) by employee and month; what is None the system does not make.

    Zero sums are no difference: a system may tell of a key that has come to nothing.
    """
    said, problems = [], []
    if sums is not None:
        wanted = {key: (cents, expected.counts[key]) for key, cents in expected.cents.items()}
        wrong = {key for key in wanted.keys() | sums.keys() if wanted.get(key, (0, 0)) != sums.get(key, (0, 0))}
        said.append(f"{len(sums)} sums")
        if wrong:
            problems.append(f"{len(wrong)} of {len(wanted)} sums differ")
    if awards is not None:
        found = Counter((award.employee, award.month, award.tier) for award in awards)
        said.append(f"{len(found)} awards")
        if repeated := sum(times > 1 for times in found.values()):
            problems.append(f"{repeated} awards more than once")
        if missing := len(expected.reached.keys() - found.keys()):
            problems.append(f"{missing} of {len(expected.reached)} awards missing")
        if extra := len(found.keys() - expected.reached.keys()):
            problems.append(f"{extra} awards that nobody earned")
        events = {(one.employee, one.month, one.tier): one.event for one in awards if one.event}
        causes = {key: id_of(number) for key, number in expected.reached.items() if key in events}
        if other := sum(events[key] != cause for key, cause in causes.items()):
            problems.append(f"{other} awards with another event as cause")
        if events:
            said.append("with their events")
    if problems:
        return "wrong: " + ", ".join(problems)
    return "ok: " + (" ".join([" and ".join(said[:2]), *said[2:]]) if said else "every record read")
