"""Python's own mailbox module, asked over stdin and stdout: writes messages, or reads what is there."""
import base64, json, mailbox, sys

order = json.load(sys.stdin)
path = order["path"]


def opened(create):
    if order["kind"] == "mbox":
        return mailbox.mbox(path, create=create)
    return mailbox.Maildir(path, create=create)


def write():
    box = opened(True)
    for one in order["messages"]:
        raw = base64.b64decode(one["raw"])
        flags = one["flags"]
        if order["kind"] == "mbox":
            message = mailbox.mboxMessage(raw)
            message.set_flags(flags)
            # As bytes, so that its fields stay as they are: a message would be folded anew.
            status = "".join(
                f"{name}: {value}\n" for name, value in (("Status", message["Status"]), ("X-Status", message["X-Status"])) if value
            )
            box.add(b"From ada@author.example Sat Jan  3 01:05:34 2026\n" + status.encode() + raw)
        else:
            key = box.add(raw)
            if flags:
                message = box.get_message(key)
                message.set_flags(flags)
                message.set_subdir("cur")
                box[key] = message
    box.flush()
    box.close()
    json.dump({}, sys.stdout)


def read():
    box = opened(False)
    found = []
    folders = [("", box)]
    if order["kind"] == "maildir":
        folders += [(name, box.get_folder(name)) for name in box.list_folders()]
    for name, one in folders:
        for key in one.keys():
            message = one.get_message(key)
            found.append(
                {
                    "folder": name,
                    "raw": base64.b64encode(one.get_bytes(key)).decode(),
                    "flags": "".join(sorted(message.get_flags())),
                }
            )
    json.dump({"messages": found}, sys.stdout)


{"write": write, "read": read}[order["do"]]()
