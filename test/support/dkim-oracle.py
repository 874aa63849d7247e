"""Verifies signed messages with dkimpy: one JSON list on stdin of {message (base64), records {name: text}}, one on stdout of verdicts."""
import base64
import json
import sys

import dkim

verdicts = []
for case in json.load(sys.stdin):
    records = {name + ".": text.encode() for name, text in case["records"].items()}

    def lookup(name, timeout=5, records=records):
        return records.get(name.decode() if isinstance(name, bytes) else name)

    message = base64.b64decode(case["message"])
    good = []
    for index in range(case["signatures"]):
        try:
            good.append(bool(dkim.DKIM(message).verify(idx=index, dnsfunc=lookup)))
        except Exception as error:  # what dkimpy throws is its verdict
            good.append(str(error))
    verdicts.append(good)
json.dump(verdicts, sys.stdout)
