"""The lines about draws: payout after payout what was earned, lent, given, taken back and is still owed. Pure."""

from __future__ import annotations

from infra.explain.speaking import Speaker
from streams.explain.draws import DrawExplained, Figures

_FIGURES = ("earned", "guarantee", "advance", "recovery", "amount", "outstanding")


def draw_lines(speaker: Speaker, kind: str, chain: list[DrawExplained]) -> list[str]:
    """The chain up to the period that is explained, that one with the rules behind what it earned."""
    lines = [speaker.say("draws", kind=kind)]
    for one in chain:
        verdict = speaker.verdict(one.agrees) if one.said is not None else speaker.say("not paid out")
        words = {"draw": _draw_text(speaker, one), "period": one.period, "verdict": verdict}
        lines.append(speaker.say("draw", **words, **_amounts(speaker, one.found)))
        if not one.agrees:
            draw = one.said.draw or speaker.say("none")
            lines.append(speaker.say("draw said", draw=draw, **_amounts(speaker, one.said.said)))
    lines += [
        speaker.say("draw part", rule=rule, period=period, amount=speaker.money(amount))
        for (rule, period), amount in sorted(chain[-1].parts.items())
    ]
    return lines


def _draw_text(speaker: Speaker, one: DrawExplained) -> str:
    return f"{one.draw.amount:f} ({one.draw.id}, {one.draw.kind})" if one.draw else speaker.say("none")


def _amounts(speaker: Speaker, figures: Figures) -> dict[str, str]:
    return {name: speaker.money(getattr(figures, name)) for name in _FIGURES}
