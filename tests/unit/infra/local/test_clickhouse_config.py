"""The generated XML: well-formed, without secrets, with what was asked."""

import hashlib
from pathlib import Path
from xml.etree import ElementTree

from infra.local.clickhouse_config import User, bi, server_xml, users_xml, writer


def test_passwords_appear_as_hashes_only() -> None:
    text = users_xml([writer("s3cret-1"), bi("s3cret-2")])
    assert "s3cret" not in text
    users = ElementTree.fromstring(text).find("users")
    assert users is not None
    assert users.findtext("bi/password_sha256_hex") == hashlib.sha256(b"s3cret-2").hexdigest()
    assert "s3cret" not in repr(writer("s3cret-1"))


def test_grants_and_row_filters_are_written_as_given() -> None:
    team = User("team", "x", ["GRANT SELECT ON bi.a", "GRANT SELECT ON bi.b"], "bi",
                {"bi.a": "team < 'x' AND n > 1", "bi.b": "1"})
    written = ElementTree.fromstring(users_xml([team])).find("users/team")
    assert written is not None
    assert [query.text for query in written.findall("grants/query")] == list(team.grants)
    assert written.findtext("databases/bi/a/filter") == "team < 'x' AND n > 1"
    assert written.findtext("profile") == "bi"


def test_readers_are_read_only_and_bounded() -> None:
    profile = ElementTree.fromstring(users_xml([])).find("profiles/bi")
    assert profile is not None
    assert profile.findtext("readonly") == "1"
    changeable = profile.find("constraints/max_execution_time")
    assert changeable is not None
    assert [child.tag for child in changeable] == ["changeable_in_readonly", "max"]


def test_paths_are_escaped() -> None:
    config = ElementTree.fromstring(server_xml(Path("/data/a & b/users.xml"), Path("/data/<log>")))
    assert config.findtext("users_config") == "/data/a & b/users.xml"
    assert config.findtext("logger/log") == "/data/<log>"
