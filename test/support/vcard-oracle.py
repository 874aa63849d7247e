# vobject's opinion of cards: reads a file of cards from standard input, or writes one of people.
#   read:  {"cards": TEXT}   -> [{"name", "addresses", "organisation", "phone", "note", "groups"}]
#   write: {"people": [...]} -> {"cards": TEXT}
import json
import sys

import vobject

order = json.load(sys.stdin)


def text(card, name):
    values = card.contents.get(name, [])
    return values[0].value if values else ""


def read(card):
    organisation = text(card, "org")
    return {
        "name": text(card, "fn"),
        "addresses": [each.value for each in card.contents.get("email", [])],
        "organisation": ", ".join(organisation) if isinstance(organisation, list) else organisation,
        "phone": text(card, "tel"),
        "note": text(card, "note"),
        "groups": text(card, "categories") or [],
    }


def write(person):
    card = vobject.vCard()
    card.add("n").value = vobject.vcard.Name(given=person["name"])
    card.add("fn").value = person["name"]
    for address in person["addresses"]:
        card.add("email").value = address
        card.email.type_param = "INTERNET"
    for name, key in (("tel", "phone"), ("note", "note")):
        if person[key]:
            card.add(name).value = person[key]
    if person["organisation"]:
        card.add("org").value = [person["organisation"]]
    if person["groups"]:
        card.add("categories").value = person["groups"]
    return card.serialize()


if "cards" in order:
    print(json.dumps([read(card) for card in vobject.readComponents(order["cards"])]))
else:
    print(json.dumps({"cards": "".join(write(person) for person in order["people"])}))
