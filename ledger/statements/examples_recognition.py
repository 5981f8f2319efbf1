"""Examples of the statements of mutual recognition: one certificate of XA, and all that makes it count in XB.

They name one another by the digests of `tests/vectors/statements`, which are these examples signed; a test compares.
"""

from typing import Any, Final

from ledger.statements.example_parties import (
    ACCREDITOR,
    AUTHORITY_XA,
    AUTHORITY_XA_KEY,
    AUTHORITY_XB,
    BODY,
    EXPORTER,
    REGISTRAR,
    REGISTRAR_KEY,
)
from ledger.statements.scenario import OWN_SCHEME

ACCREDITATION: Final = "abec0d2af8183ea6492c43ca82ee9781cacf0f5dacc4272771da81754a8967c5"
CERTIFICATE: Final = "92ba0637b9aa368aac1ac02de5d52fb66e7c9390665324f6d29c205de289ea13"
ARRANGEMENT: Final = "3553fba025a096ecbd9afbee695a43dd3937d4281d6f070b8bb663679017b40c"
SCHEME: Final = "urn:example:scheme:cross-border-personal-data"
SCOPE: Final = {
    "activities": ["After-sales service of vehicles"],
    "dataCategories": ["nonPersonal", "personal"],
    "scenarios": [{"scheme": OWN_SCHEME, "code": "veh.after-sales"}],
    "destinations": ["XB"],
    "limits": {"persons": 100000, "sensitivePersons": 0},
}
_KEY_DATES = {"from": "2026-10-23T00:00:00Z", "until": "2027-11-22T00:00:00Z"}
_ML_DSA_KEY = (
    "BlYWh6XqFAh93ZA/SxmRVoipz4kGsZGLhCQkS3O9Z6cPiLwrFJ3WImZLocrbRtuWLBJOvFlKqFA/HhkgoPDLqWmAGMfPtiyBoK/w"
    "MYCjy7/ap7xrX3kqPRmmuqjlOFrUlUQrR1wtPTIwuau59RWmMhAXktn7KouF93okrScCKOLpEkhI7K+D9dYnk2J9feA08+Iod7SM"
    "/ZizUPoBAek3Ff4V6oPEIWZLo5eXC2XmCC+n3SZQAbq9/rOFhSgK44bwFGzIUVYr7o/pCA13TNylAZLV8UFJbzo4yw0raW1UsAMd"
    "p3Pp6ipDAoj+C9LmUWBXdXHZqvhzHrAldsHdzmtaa4gBEzlgacEcy3/CRZi7iwj2EiR4HeGgo7GUImjgaOxoQ/DNeST5qIZ26NwJ"
    "HSupPW2JUoDkbT30wmGtK6iGoVfECKTLNPpHCbI2hd3RX7IHvJW6vFdUQ0JsxE/SNk7/ehKWX5Awn79KvJ4AQy1fUYcVGSV4aWfq"
    "QBPkMWpp9ktAnhQF/NcS/k5Xv1cvNwbNBoIIfHj6Zw7QaOUljM4dDsPVk8IXbenvEr3MH67xCcYvgM2isNDdsfBgEaWbmfjV5G1l"
    "ttt6+DdpKIlkRvbad+6nKWVcIxovG0qPGzd48oeh1JKiBvUupXelTpMkQ38FdUUyUakrYsHrVhyUYGiGtIEgGzp9Gu2jz0G9yPp2"
    "U3v0O3aVoUYPZ7/51U6NbwZ8M7zBPzNyCSufA4AjtBDXGw/Wb8rMBzjc2fJwRgDj4m5V7TLHt0PVgIef3cYJgdHD+7j5OyQJLas1"
    "2Jmv7dmElLyv9GnACA0GT4ZoHTdsQJZmrIneGJKDPDuwEvYqlVSrHZiGVboFE+RCRmYHpyiqdZ8qAqRid7WC8IhE4Ad0eBMePXE1"
    "9kmzhM3LAU1BV56wDR1nctG5nVvYfHm195O0mYt9icNfXpQ5MgbOHN9QBo5saaGfFBgvm825ay+mxYti818CbwQ64BmXaQ0ku4kp"
    "0dShvVh9Sg0SpfCyho03FoIbE56o7HKL4CUO97z2S2OKxoIbMR3bCZGLcaql8v0Y6gqrV8/53saHrsCR4EqWdDhbHXU5kWso+xbE"
    "cJqWpgMfsMYKMaAU9oe+1yyiTQQynzJ6KgAyal0GBh9uQm/zXMRt/UoInReei00HTVKfG8lsJp94mWRQwioGoIVkUN50/m1LOj3/"
    "4QSUw9G0say41fZMiwQWOP02tC1OgWMFaP2xtALiyQDaxQ/MLjrWcVFf0WmdZ/lKbfVbfSUc4g0HqsHnRjBk2EYzKZy5G/l2XelP"
    "ZH3Y90C3GufzuoNbMRxbDz0q3C/+FlgPn4fvPy4QSoZrKmgWa+pKhYxDG20izT59F3uk7DzAwloblc/H9dqStuKuGNrsRmZqqAyK"
    "j06cRJGHeW05sVlg4VcOWD/f6MfjN8ivMQI9rhoCGA5bTEQpH2go5NWpgqmdiG/8DJzKNE/bZEUVfUDXd8IO0AWLxWy38EGzSs1U"
    "6OIRej5TssQ7VRdorzNqY2XnWliycxAGQNTOhFuLBdNgOEcSAVel6g2gIjVrrBdedFSd7W+5nv5f6365XhXpAk7YnHJXmgF78G51"
    "Ttoa3+kfNZDNs08HAuEb777WWby1uzl/lNDJGEfR6MmNMAmok9/hzvUUKgmaWt1M/Rqkh4ZbcoN9tC28LYtJEdbelKOQxhDqbiG3"
    "1HnN8BDSKHK9k0QFwzPbzHSPX7RQWQOsx0JCTqJe6xiFNu7oH4E="
)

SUBJECTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Accreditation": (
        ACCREDITOR["did"],
        {
            "number": "XAC-2026-007",
            "accreditor": ACCREDITOR,
            "body": BODY,
            "schemes": [
                {
                    "id": SCHEME,
                    "versions": ["2.0"],
                    "family": "personalDataProtection",
                    "maximumDays": 1096,
                }
            ],
            "scope": {"dataCategories": ["nonPersonal", "personal"]},
            "validFrom": "2026-11-01T00:00:00Z",
            "validUntil": "2031-11-01T00:00:00Z",
            "statusReference": {
                "statusListCredential": "https://accreditor.example.xa/status/1",
                "statusListIndex": 7,
            },
        },
    ),
    "RecognitionArrangement": (
        AUTHORITY_XA,
        {
            "name": "Arrangement on certificates of data protection between XA and XB",
            "kind": "agreement",
            "binding": True,
            "parties": [
                {"jurisdiction": "XA", "authority": AUTHORITY_XA, "inForceFrom": "2026-11-22T00:00:00Z"},
                {"jurisdiction": "XB", "authority": AUTHORITY_XB, "inForceFrom": "2026-11-22T00:00:00Z"},
            ],
            "accession": True,
            "scope": {
                "families": ["personalDataProtection"],
                "dataCategories": ["nonPersonal", "personal"],
                "sectors": ["Automotive"],
            },
            "equivalences": [
                {
                    "a": "ISO/IEC 27701:2025",
                    "b": "XB-DP 100:2024",
                    "direction": "both",
                    "gaps": ["XB-DP 100 asks for a representative in XB"],
                }
            ],
            "designatedBodies": [
                {
                    "jurisdiction": "XA",
                    "body": BODY["did"],
                    "from": "2026-11-22T00:00:00Z",
                    "families": ["personalDataProtection"],
                }
            ],
            "accreditors": [
                {"jurisdiction": "XA", "accreditor": ACCREDITOR["did"]},
                {"jurisdiction": "XB", "accreditor": "did:web:accreditor.example.xb"},
            ],
            "onward": {"allowed": False},
            "assurance": [
                {"from": "XA", "level": "high", "into": "XB", "mapped": "substantial"},
                {"from": "XB", "level": "high", "into": "XA", "mapped": "high"},
            ],
            "clauses": [{"instrument": "XA-XB Digital Trade Agreement", "article": "4.2"}],
            "reviewBy": "2029-11-22",
        },
    ),
    "Endorsement": (
        AUTHORITY_XB,
        {
            "statement": ARRANGEMENT,
            "role": "party",
            "jurisdiction": "XB",
            "from": "2026-11-22T00:00:00Z",
            "designatedBodies": [
                {"jurisdiction": "XB", "body": "did:web:body.example.xb", "from": "2026-11-22T00:00:00Z"}
            ],
        },
    ),
    "Recognition": (
        AUTHORITY_XB,
        {
            "certificate": CERTIFICATE,
            "arrangement": ARRANGEMENT,
            "jurisdiction": "XB",
            "effect": "conditional",
            "conditions": ["The holder names a representative in XB"],
            "scope": {**SCOPE, "limits": {"persons": 50000, "sensitivePersons": 0}},
            "validFrom": "2026-11-22T00:00:00Z",
            "validUntil": "2029-11-22T00:00:00Z",
            "statusReference": {
                "statusListCredential": "https://authority.example.xb/status/1",
                "statusListIndex": 12,
            },
        },
    ),
    "StatusChange": (
        BODY["did"],
        {
            "statement": CERTIFICATE,
            "change": "suspend",
            "reason": "surveillanceOverdue",
            "effective": "2027-12-01T00:00:00Z",
            "until": "2028-05-29T00:00:00Z",
        },
    ),
    "IdentityRecognition": (
        AUTHORITY_XB,
        {
            "party": EXPORTER,
            "credential": {
                "type": "vlei",
                "issuer": "did:web:issuer.example.xa",
                "digest": "140d2e8a91b012b2094c0a8db1e275adcdd2a751308015457bf06d064ae60d17",
                "validFrom": "2026-06-01T00:00:00Z",
                "validUntil": "2028-06-01T00:00:00Z",
            },
            "level": "high",
            "mappedLevel": "substantial",
            "arrangement": ARRANGEMENT,
            "jurisdiction": "XB",
            "validFrom": "2026-11-22T00:00:00Z",
            "validUntil": "2028-06-01T00:00:00Z",
            "statusReference": {
                "statusListCredential": "https://authority.example.xb/status/1",
                "statusListIndex": 13,
            },
        },
    ),
    "JurisdictionEntry": (
        REGISTRAR,
        {
            "jurisdiction": "XA",
            "authorities": [
                {
                    "id": REGISTRAR,
                    "jurisdiction": "XA",
                    "roles": ["registrar"],
                    "keys": [{"id": "#1", "publicKeyMultibase": REGISTRAR_KEY, **_KEY_DATES}],
                },
                {
                    "id": AUTHORITY_XA,
                    "jurisdiction": "XA",
                    "roles": ["authority"],
                    "keys": [{"id": "#1", "publicKeyMultibase": AUTHORITY_XA_KEY, **_KEY_DATES}],
                },
            ],
            "logs": [
                {
                    "origin": "registry.example.xa/XA/2026",
                    "jurisdiction": "XA",
                    "operator": "did:web:registry.example.xa",
                    "vkeys": [
                        "registry.example.xa/XA/2026+a2492bf8+AVdFSDYJeOb/0WVcUgeHKLFdrdMaCS4Nu+J8XahPszvO",
                        f"registry.example.xa/XA/2026+90e268b6+{_ML_DSA_KEY}",
                    ],
                    "headKeys": [{"address": "0xa7b8525139d25f7578dc47dd1b7c0e5a4d216061"}],
                }
            ],
            "witnesses": [
                {
                    "vkey": "witness-c.example+6b54eab0+BAvHn2/K/lbkhcHVATXFLcyOZ5B2FTE2Mbn6EZEpw8M5",
                    "organisation": "did:web:org-c.example",
                }
            ],
            "chains": [
                {
                    "chain": "eip155:31001",
                    "genesis": "0x266daef1b4d1f739953cc1ee8cf3407422a73afc4f8c00b7a7c1e9e768c89813",
                    "anchor": "0x5fbdb2315678afecb367f032d93f642f64180aa3",
                    "codeHash": "0xf2d1b3a1764919092345d44744ff7971c5d23948856310dbf355c5b44e80b6e4",
                    "consensus": "operator",
                    "operator": {
                        "key": "0x4a89015576fc8e65b2d0ffed2c7c396a817a27b5",
                        "organisation": "did:web:registry.example.xa",
                    },
                    "attesters": [],
                    "validators": [],
                }
            ],
            "node": "https://registry.example.xa",
            "attester": "0x36c96d05c2130a6ec37266dd74a72f6431cc0bda",
        },
    ),
}
