"""Accounts and TLS in the settings: from files, refused in sentences, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from infra.cli import main
from infra.settings import Settings, setting_problems

SECRET = "hunter-2-hunter"


def problems(**given: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None, **given)
    assert SECRET not in str(caught.value)
    return "\n".join(setting_problems(caught.value))


def test_by_default_a_client_gets_an_address_and_nothing_else():
    assert Settings(_env_file=None, kafka_bootstrap="a:1, b:2").kafka_options() == {"bootstrap_servers": ["a:1", "b:2"]}


def test_an_account_comes_from_a_file_and_is_not_shown(tmp_path: Path):
    (tmp_path / "password").write_text(SECRET + "\n")
    settings = Settings(
        _env_file=None, kafka_security="SASL_PLAINTEXT", kafka_user="u", kafka_password_file=tmp_path / "password"
    )
    assert settings.kafka_options()["sasl_plain_password"] == SECRET
    assert settings.kafka_options("x:1")["bootstrap_servers"] == ["x:1"]
    assert SECRET not in repr(settings) + str(settings.model_dump())


@pytest.mark.parametrize(("given", "sentence"), [
    ({"kafka_security": "SASL_SSL"}, "it needs KPISTREAM_KAFKA_USER and KPISTREAM_KAFKA_PASSWORD"),
    ({"kafka_password": SECRET, "kafka_password_file": __file__}, "KPISTREAM_KAFKA_PASSWORD_FILE are both set"),
    ({"clickhouse_password_file": "/nowhere/password"}, "names /nowhere/password, which cannot be read: No such file"),
    ({"kafka_ca": "/nowhere/ca.pem"}, "KPISTREAM_KAFKA_CA names /nowhere/ca.pem, which is no file"),
    ({"kafka_certificate": __file__}, "KPISTREAM_KAFKA_CERTIFICATE and KPISTREAM_KAFKA_KEY belong together"),
    ({"kafka_security": "TLS", "kafka_password": SECRET}, "KPISTREAM_KAFKA_SECURITY is not usable: Input should be"),
])  # fmt: skip
def test_what_is_not_usable_is_said_without_its_secrets(given: dict, sentence: str):
    assert sentence in problems(**given)


def test_every_command_says_so_in_a_sentence():
    environment = {"KPISTREAM_KAFKA_SECURITY": "TLS", "KPISTREAM_ENV_FILE": "/dev/null"}
    result = CliRunner().invoke(main, ["topics"], env=environment)
    assert result.exit_code == 1
    assert result.output.startswith("Error: KPISTREAM_KAFKA_SECURITY is not usable: Input should be 'PLAINTEXT'")
