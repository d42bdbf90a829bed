"""What text.st does, in Python. With the argument `python` JSON is read and written by Python code, not by C."""
import json
import json.decoder
import json.encoder
import json.scanner
import re
import sys
import time

if "python" in sys.argv:
    json.scanner.make_scanner = json.scanner.py_make_scanner
    json.decoder.scanstring = json.decoder.py_scanstring
    json.encoder.c_make_encoder = None
    json.encoder.encode_basestring_ascii = json.encoder.py_encode_basestring_ascii
    reader = json.decoder.JSONDecoder()
    reader.parse_string = json.decoder.py_scanstring
    reader.scan_once = json.scanner.py_make_scanner(reader)
    loads, dumps = reader.decode, json.JSONEncoder().encode
else:
    loads, dumps = json.loads, json.dumps

text = "".join(
    "user%d@example%d.org, visited on 2026-%d-%d\n" % (i, i % 7, i % 12 + 1, i % 28 + 1) for i in range(1, 20001)
)
records = [
    {
        "id": i,
        "name": "user %d" % i,
        "tags": ["one", "two", "three"],
        "score": i / 8.0,
        "active": i % 2 == 0,
        "address": {"street": 'Main "street" %d' % i, "zip": 10000 + i},
    }
    for i in range(1, 5001)
]
data = dumps(records)


def least(name, task):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        result = task()
        times.append(time.perf_counter() - start)
    print(name, round(min(times) * 1e6), result)


if "python" not in sys.argv:
    least("e-mails", lambda: len(re.findall(r"\w+@\w+\.org", text)))
    least("dates", lambda: len(re.findall(r"\d\d\d\d-\d+-\d+", text)))
    least("words", lambda: len(re.findall(r"\w+", text)))
    least("boundaries", lambda: len(re.findall(r"\bvisited\b", text)))
    least("alternatives", lambda: len(re.findall(r"(foo|bar)+baz", text)))
    least("replacing", lambda: len(re.sub(r"\d+", "N", text)))
    least("backtracking", lambda: len(re.findall(r"(a|aa)+b", "a" * 28)))
    least("utf-8", lambda: len(text.encode().decode()))
    least("find", lambda: text.find("nowhere"))
    least("replace-all", lambda: len(text.replace("visited", "was there")))
    least("upper-case", lambda: len(text.upper()))
least("json-write", lambda: len(dumps(records)))
least("json-read", lambda: len(loads(data)))
