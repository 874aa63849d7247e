"""Reads a JSON list of documents (base64) on standard input and tells what expat makes of each: its tree, or null."""
import base64
import json
import sys
from xml.parsers import expat


def tree(document):
    parser = expat.ParserCreate("utf-8")
    top = {"elements": []}
    open_elements = [top]

    def start(name, attributes):
        element = {"name": name, "attributes": attributes, "text": "", "elements": []}
        open_elements[-1]["elements"].append(element)
        open_elements.append(element)

    def text(said):
        open_elements[-1]["text"] += said

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: open_elements.pop()
    parser.CharacterDataHandler = text
    try:
        parser.Parse(document, True)
    except expat.ExpatError:
        return None
    return top["elements"][0]


json.dump([tree(base64.b64decode(one)) for one in json.load(sys.stdin)], sys.stdout)
