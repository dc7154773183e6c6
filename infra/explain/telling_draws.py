"""The lines about draws: payout after payout what was earned, lent, given, taken back and is still owed. Pure."""

from __future__ import annotations

from infra.explain.speaking import Speaker
from schemas.wording import period
from streams.explain.draws import DrawExplained, Figures


def draw_lines(speaker: Speaker, kind: str, chain: list[DrawExplained]) -> list[str]:
    """The chain up to the period that is explained, that one with the rules behind what it earned."""
    lines = [speaker.say("draws")]
    for one in chain:
        verdict = speaker.verdict(one.agrees) if one.said is not None else speaker.say("not paid out")
        draw = ""
        if one.draw:
            words = {"name": speaker.quoted(one.draw.id), "amount": speaker.amount(one.draw.amount)}
            draw = speaker.say(f"a {one.draw.kind} draw", **words)
        words = {"period": period(kind, one.period, speaker.language), "verdict": verdict}
        lines.append(speaker.say("draw", draw=draw, **words, **_figures(speaker, one.found)))
        if not one.agrees:
            draw = f" ({one.said.draw})" if one.said.draw else ""
            lines.append(speaker.say("draw said", draw=draw, **_figures(speaker, one.said.said)))
    lines += [
        speaker.say(
            "draw part",
            rule=speaker.rule_name(rule),
            period=period(kind, key, speaker.language),
            amount=speaker.money(amount),
        )
        for (rule, key), amount in sorted(chain[-1].parts.items())
    ]
    return lines


def _figures(speaker: Speaker, figures: Figures) -> dict[str, str]:
    """The amounts; of those that are nothing only what was earned and is paid."""
    parts = [
        speaker.say(name, amount=speaker.money(amount))
        for name in ("guarantee", "advance", "recovery")
        if (amount := getattr(figures, name))
    ]
    owed = speaker.say("outstanding", amount=speaker.money(figures.outstanding)) if figures.outstanding else ""
    amounts = {"earned": speaker.money(figures.earned), "amount": speaker.money(figures.amount)}
    return {"parts": "".join(parts), "owed": owed, **amounts}
