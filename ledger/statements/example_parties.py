"""The parties of the examples, all of them invented, and the keys that the tests sign with in their names."""

from typing import Final

REGISTRAR: Final = "did:web:registrar.example.xa"
EXPORTER: Final = {
    "did": "did:web:exporter.example.xa",
    "scheme": "LEI",
    "id": "TEST000C76DC31B85900",
    "jurisdiction": "XA",
}
IMPORTER: Final = {
    "did": "did:web:importer.example.xb",
    "scheme": "LEI",
    "id": "TEST00EE3E62B8A0AA00",
    "jurisdiction": "XB",
}
BODY: Final = {
    "did": "did:web:body.example.xa",
    "scheme": "LEI",
    "id": "TEST00B0D1CE27A1F300",
    "jurisdiction": "XA",
}
ACCREDITOR: Final = {
    "did": "did:web:accreditor.example.xa",
    "scheme": "LEI",
    "id": "TEST00ACC4ED17043200",
    "jurisdiction": "XA",
}
AUTHORITY_XA: Final = "did:web:authority.example.xa"
AUTHORITY_XB: Final = "did:web:authority.example.xb"
MACHINE: Final = "did:web:machine.example.xa"
OBSERVER: Final = "did:web:observer.example.xb"
EXPORTER_KEY: Final = "z6MkjsuSPUAywtMAS9FYWYwVm3XWe4EZ6iMbT4M458HMBnEh"
REGISTRAR_KEY: Final = "z6MktvrGmRcx7XKCZT5pt4qqTZw9UJycSbpvYAiWsdWoZvW7"
AUTHORITY_XA_KEY: Final = "z6MkmwJEzdCAXDKxuBE9axbQ51hP9UCMeCBh9L95vXys1xa5"
