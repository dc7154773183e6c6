"""JSON texts of single values, ordinary and odd, to be put in the place of any member of an event."""
import json


def _listed(text: str) -> list[str]:
    return text.split()


NUMBERS = _listed(r"""
    0 -0 -0.0 1 -1 7 50000.01 0.0001 0.00001 1.00000 1e2 1E-2 1e-5 1.5e3 0e99 1e400 1e99999999999999999999
    01 1. .5 +1 100 100.0001 100000000 100000000.0001 99999999.9999 1e8 123456789012345678901234567890
    0.1000000000000000000000000000000000000000001 12.3400000000000000000000000000000 true null NaN
    Infinity "12.5" "1e2" "1_0" "" "-" "NaN" "٣" "1." ".5" "+1" "0001" "1e30" "0.00005" [1] {}
""")
NUMBERS += ["1" * 400, '" 1"', '"1" ']
TIMES = _listed(r"""
    "2026-03-31T17:30:00Z" "2026-03-31T17:30:00+08:00" "2026-03-31t17:30:00z" "2026-03-31T17:30:00.5Z"
    "2026-03-31T17:30:00.123456789Z" "2026-03-31T17:30:00.1234567891Z" "2026-03-31T23:59:60Z"
    "2026-02-29T00:00:00Z" "2024-02-29T00:00:00Z" "2026-03-31T24:00:00Z" "2026-03-31T17:30Z" "2026-03-31"
    "2026-03-31T17:30:00" "2026-03-31T17:30:00+0800" "2026-03-31T17:30:00+08" "2026-03-31T17:30:00-00:00"
    "2026-03-31T17:30:00+24:00" "2026-03-31T17:30:00+08:60" "2026-03-31T17:30:00.Z"
    "2026-03-31T17:30:00,5Z" "1989-12-31T23:59:59.999Z" "1990-01-01T00:00:00Z" "2099-12-31T23:59:59.999Z"
    "2100-01-01T00:00:00Z" "1990-01-01T00:30:00+01:00" "0000-01-01T00:00:00Z" "9999-12-31T23:59:59Z"
    "0001-01-01T00:00:00+23:59" "2026-03-31T17:30:00.999999-23:59" "２026-03-31T17:30:00Z"
    "20260331T173000Z" 1775000000 null
""")
TIMES += ['"2026-03-31 17:30:00Z"', '"2026-03-31T17:30:00Z "', '"2026-03-31T17:30:00.12 Z"']
TEXTS = _listed(r"""
    "E1001" "张三" "\u5f20\u4e09" "\ud83d\ude00" "\ud800" "" "a\u0000b" "a\nb" "E1\n" "-E" "CNY" "cny"
    "CNY\n" 1 1.5 null true [] {} "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
""")
TEXTS += ['" "', '"\u007f"', '"\u0085"', '"E 1"', '"\u3000"', json.dumps("x" * 200), json.dumps("x" * 201)]
TEXTS += [json.dumps("张" * 200, ensure_ascii=False), '"\\ud83d\\ude00' + "x" * 198 + '"']
FLAGS = _listed(r"""
    true false null 0 1 "true" True
""")
_DEEP = ["[" * 40 + "]" * 40, "[" * 300 + "]" * 300, '{"a":{"b":[1,2,{"c":null}]}}']
ANYTHING = [*NUMBERS, *TIMES, *TEXTS, *FLAGS, *_DEEP]

SPLITS = _listed(r"""
    [{"employee":"A","percent":50},{"employee":"B","percent":50}]
    []
    [{"employee":"A","percent":100}]
    [{"employee":"A","percent":33.3333},{"employee":"B","percent":"66.6667"}]
    [{"employee":"A"}]
    "A"
    [{"employee":"A","percent":50},{"employee":"A","percent":50}]
    [{"employee":"A","percent":99.9999}]
    [{"employee":"A","percent":0}]
""")
SPLITS += [json.dumps([{"employee": f"E{n}", "percent": percent} for n in range(count)])
           for count, percent in ((20, 5), (25, 4))]
