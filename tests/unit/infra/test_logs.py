"""What a library says dozens of times a second while a server is away is written once a minute; all else always."""

import logging
import logging.config

import pytest

from infra.logs import Sparing, logging_config


def record(name: str, message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, message, arguments, None)


def test_the_same_once_a_minute():
    now = 100.0
    sparing = Sparing(lambda: now)
    unable = record("aiokafka", "Unable connect to node with id %s", 1)
    assert sparing.filter(unable)
    assert not sparing.filter(unable)
    assert sparing.filter(record("aiokafka", "Unable connect to node with id %s", 2))
    assert sparing.filter(record("aiokafka.consumer", "Unable connect to node with id %s", 1))
    now += 59
    assert not sparing.filter(unable)
    now += 1
    assert sparing.filter(unable)


def test_what_is_ours_always():
    sparing = Sparing(lambda: 0.0)
    for name in ("kpistream", "runtime.stage", "aiokafkaesque"):
        assert [sparing.filter(record(name, "again")) for _ in range(3)] == [True] * 3


def test_it_forgets_what_would_be_too_much_to_remember():
    sparing = Sparing(lambda: 0.0)
    for number in range(5000):
        assert sparing.filter(record("aiokafka", "offset %s", number))
    assert len(sparing._told) <= 1000


@pytest.mark.parametrize("form", ["json", "text"])
def test_every_process_writes_so(form: str, capsys: pytest.CaptureFixture):
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        logging.config.dictConfig(logging_config(form))
        for _ in range(3):
            logging.getLogger("aiokafka.client").error("Unable connect")
            logging.getLogger("kafka.net").error("Connection failed")
            logging.getLogger("kpistream").warning("Kafka does not answer")
    finally:
        logging.root.handlers[:], logging.root.level = handlers, level
    said = capsys.readouterr().err
    assert [said.count(text) for text in ("Unable connect", "Connection failed", "does not answer")] == [1, 0, 3]
