"""The settings file: what it may say, and what its errors say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinks.alerts.config_file import AlertSettingsError, load_alert_settings, parse

EXAMPLE = Path(__file__).parents[4] / "infra" / "alerts.example.yaml"
TOKEN = "json://user:hunter2@example.com"


def errors(text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(AlertSettingsError) as raised:
        parse(text, "alerts.yaml", environment or {})
    assert "hunter2" not in str(raised.value)
    return str(raised.value).splitlines()


def test_the_example_is_right():
    settings = load_alert_settings(EXAMPLE, Path("x"), secrets=False)
    assert list(settings.channels) == ["sales-chat", "payroll", "managers-mail", "text", "screen"]
    assert settings.channels["managers-mail"].give_up_after == 86400
    assert settings.oldest == 7 * 86400


def test_without_a_file_alerts_go_to_the_console_and_to_a_text_file():
    settings = load_alert_settings(None, Path("there/alerts.txt"))
    assert settings.channels["file"].file == "there/alerts.txt"
    assert settings.routes[0].to == ("console", "file")


def test_every_problem_is_named_with_its_line():
    text = f"""\
channels:
  chat: {{apprise: "{TOKEN}"}}
  both: {{file: a.txt, console: true}}
  hook: {{webhook: "https://u:hunter2@example.com/"}}
  slow: {{file: b.txt, timeout: 5 minutes}}
  night: {{file: c.txt, quiet_hours: at night}}
routes:
  - to: []
    kinds: [medal]
    colour: red
"""
    found = errors(text)
    assert [line.split(": ")[0] for line in found] == [f"alerts.yaml:{n}" for n in (2, 3, 4, 5, 6, 8, 9, 10)]
    assert found[0] == (
        "alerts.yaml:2: channels.chat.apprise: expected ${NAME} of an environment variable or file:PATH, "
        "so that no secret stands here"
    )
    assert "found file and console" in found[1]
    assert "expected a duration such as 500ms, 30s, 15m, 24h or 7d" in found[3]
    assert "such as 22:00-07:00 Asia/Shanghai" in found[4]
    assert found[5:] == [
        "alerts.yaml:8: routes.0.to: expected at least one entry",
        "alerts.yaml:9: routes.0.kinds.0: expected 'tier', 'bonus', 'promotion', 'nudge', 'streak', 'training', "
        "'personal_best', 'honour' or 'first'",
        "alerts.yaml:10: routes.0.colour: no such setting",
    ]


def test_a_route_to_nowhere_and_a_secret_that_is_not_there(tmp_path):
    text = f"""\
channels:
  chat: {{apprise: "${{CHAT_URL}}"}}
  mail: {{apprise: "file:{tmp_path}/mail"}}
routes:
  - to: [chat, mial]
"""
    assert errors(text) == [
        "alerts.yaml:2: channels.chat.apprise: the environment variable CHAT_URL is not set",
        f"alerts.yaml:3: channels.mail.apprise: {tmp_path}/mail cannot be read: No such file or directory",
        "alerts.yaml:5: routes.0.to.1: no channel 'mial'; there are chat, mail",
    ]
    (tmp_path / "mail").write_text("json://x\n")
    parse(text.replace("mial", "mail"), "alerts.yaml", {"CHAT_URL": TOKEN})


def test_no_yaml_and_no_file(tmp_path):
    assert errors("channels: [")[0].startswith("alerts.yaml:1: not valid YAML")
    with pytest.raises(AlertSettingsError, match=r"none\.yaml: cannot be read: No such file"):
        load_alert_settings(tmp_path / "none.yaml", Path("x"))
