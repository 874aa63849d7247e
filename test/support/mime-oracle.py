"""What Python's email package reads in each message of a folder, or of those named on standard input as base64 lines: a second
opinion on our own reader. Prints one JSON object by name."""
import base64, hashlib, json, os, sys
from datetime import timezone
from email import message_from_bytes, policy


def attempt(read):
    try:
        return read()
    except Exception as error:  # it gives up on some of this mail: that is an opinion, too
        return {"gave-up": type(error).__name__}


def addresses(message, name):
    found = []
    for field in message.get_all(name, []):
        found += [one.addr_spec for one in field.addresses if one.addr_spec not in ("", "<>")]
    return found


def date(message):
    field = message["date"]
    at = None if field is None else field.datetime
    if at is None:
        return None
    at = at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def tree(part):
    kind = part.get_content_type()
    inner = [tree(child) for child in part.get_payload()] if part.is_multipart() else []
    return kind + (f"({', '.join(inner)})" if inner else "")


def leaf(part):
    kind = part.get_content_type()
    name = attempt(part.get_filename)
    if kind.startswith("message/"):
        return {"name": name, "type": kind, "sha256": None, "isText": False, "text": None}
    body = attempt(lambda: part.get_payload(decode=True))
    digest = hashlib.sha256(body).hexdigest() if isinstance(body, bytes) else body
    is_text = kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment" and name is None
    text = attempt(part.get_content) if is_text else None
    return {"name": name, "type": kind, "sha256": digest, "isText": is_text, "text": text}


def leaves(part):
    if part.is_multipart() and not part.get_content_type().startswith("message/"):
        return [one for child in part.get_payload() for one in leaves(child)]
    return [leaf(part)]


def read(raw):
    message = message_from_bytes(raw, policy=policy.default)
    return {
        "subject": attempt(lambda: None if message["subject"] is None else str(message["subject"])),
        "from": attempt(lambda: addresses(message, "from")),
        "fromNames": attempt(lambda: [one.display_name for field in message.get_all("from", []) for one in field.addresses]),
        "to": attempt(lambda: addresses(message, "to")),
        "toNames": attempt(lambda: [one.display_name for field in message.get_all("to", []) for one in field.addresses]),
        "date": attempt(lambda: date(message)),
        "tree": attempt(lambda: tree(message)),
        "leaves": attempt(lambda: leaves(message)),
    }


if len(sys.argv) > 1:
    folder = sys.argv[1]
    names = sorted(name for name in os.listdir(folder) if name.endswith(".eml"))
    messages = {name[:-4]: read(open(os.path.join(folder, name), "rb").read()) for name in names}
    found = {"version": "%d.%d" % sys.version_info[:2], "messages": messages}
else:
    found = [read(base64.b64decode(line)) for line in sys.stdin]
json.dump(found, sys.stdout)
