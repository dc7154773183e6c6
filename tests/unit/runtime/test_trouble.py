"""What fails again and again is told once, with each reason, and so is its end."""

import logging

from runtime.trouble import Trouble


def test_it_is_told_as_it_begins_when_its_reason_changes_and_once_it_is_over(caplog):
    log = logging.getLogger("trouble")
    caplog.set_level(logging.INFO)
    trouble = Trouble(log, "stored again", stage="crediting")
    trouble.over()
    for reason in ("refused", "refused", "disk full", "disk full"):
        trouble.met("not stored", OSError(reason))
    trouble.over()
    trouble.over()
    trouble.met("not stored", OSError("disk full"))
    told = [(one.levelname, one.getMessage(), getattr(one, "error", None), one.stage) for one in caplog.records]
    assert told == [
        ("WARNING", "not stored", "refused", "crediting"),
        ("WARNING", "not stored", "disk full", "crediting"),
        ("INFO", "stored again", None, "crediting"),
        ("WARNING", "not stored", "disk full", "crediting"),
    ]
