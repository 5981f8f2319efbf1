"""tlog-policy: what is read, what is refused, what a quorum means; against the naive reading of the format."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.note import ED25519, ED25519_COSIGNATURE, encode_vkey, make_vkey
from ledger.core.policy import (
    ITEMS_LIMIT,
    Group,
    Policy,
    PolicyLog,
    PolicyWitness,
    encode_policy,
    parse_policy,
    policy_of,
)
from ledger.errors import LedgerError, MalformedError
from tests.simulator import seed

KEYS = [make_vkey(f"w{n}.example", ED25519_COSIGNATURE, seed(f"witness {n}")) for n in range(6)]
LOG = make_vkey("log.example/XA/2026", ED25519, seed("log"))
TEXTS = [encode_vkey(key) for key in KEYS]
WITNESSES = "".join(f"witness W{n} {text}\n" for n, text in enumerate(TEXTS))
EXAMPLE = f"""# a comment
log {encode_vkey(LOG)} https://log.example/

witness X1 {TEXTS[0]}
witness X2\t{TEXTS[1]}   https://x2.example/witness
witness X3 {TEXTS[2]}
  group X-witnesses 2 X1 X2 X3
witness Y1 {TEXTS[3]}
witness Y2 {TEXTS[4]}
witness Y3 {TEXTS[5]}
group Y-witnesses any Y1 Y2 Y3
\t# another
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def policy(text: str) -> Policy:
    return parse_policy(text.encode())


def test_the_example_of_the_format_is_read() -> None:
    read = policy(EXAMPLE)
    assert read.logs == (PolicyLog(LOG, b"https://log.example/"),)
    assert read.witnesses[1] == PolicyWitness(b"X2", KEYS[1], b"https://x2.example/witness")
    assert [(one.name, one.threshold) for one in read.groups] == [
        (b"X-witnesses", 2),
        (b"Y-witnesses", 1),
        (b"X-and-Y", 2),
    ]
    assert parse_policy(encode_policy(read)) == read


@pytest.mark.parametrize("size", range(7))
def test_the_quorum_of_the_example_is_two_of_x_and_one_of_y(size: int) -> None:
    read = policy(EXAMPLE)
    names = [one.name for one in read.witnesses]
    for chosen in combinations(names, size):
        counts = [sum(name.startswith(letter) for name in chosen) for letter in (b"X", b"Y")]
        assert read.is_met(chosen) == (counts[0] >= 2 and counts[1] >= 1)


def test_without_quorum_nothing_is_needed() -> None:
    read = policy("quorum none\n")
    assert read.is_met([])
    assert read.threshold() == 0


def test_a_name_of_a_group_is_no_cosignature() -> None:
    assert not policy(WITNESSES + "group g all W0 W1\nquorum g\n").is_met([b"g"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none",
        "quorum none\nquorum none\n",
        "quorum\n",
        "quorum W0\n",
        WITNESSES + "group g any\nquorum g\n",
        WITNESSES + "group g 0 W0\nquorum g\n",
        WITNESSES + "group g 3 W0 W1\nquorum g\n",
        WITNESSES + "group g 01 W0 W1\nquorum g\n",
        WITNESSES + "group g two W0 W1\nquorum g\n",
        WITNESSES + "group g any W0 W0\nquorum g\n",
        WITNESSES + "group g any W0\ngroup h any W0\nquorum g\n",
        WITNESSES + "group g any h\ngroup h any W0\nquorum g\n",
        WITNESSES + "group g any none\nquorum g\n",
        WITNESSES + "group W0 any W1\nquorum W0\n",
        WITNESSES + "group none any W1\nquorum none\n",
        "quorum W0\n" + WITNESSES,
        f"witness A {TEXTS[0]}\nwitness A {TEXTS[1]}\nquorum none\n",
        f"witness A {TEXTS[0]}\nwitness B {TEXTS[0]}\nquorum none\n",
        f"witness none {TEXTS[0]}\nquorum none\n",
        f"witness A {encode_vkey(LOG)}\nquorum none\n",
        f"log {TEXTS[0]}\nquorum none\n",
        f"log {encode_vkey(LOG)}\nlog {encode_vkey(LOG)}\nquorum none\n",
        f"log {encode_vkey(LOG)[:-4]}\nquorum none\n",
        f"log {encode_vkey(LOG)} a b\nquorum none\n",
        "witness A\nquorum none\n",
        "oracle A\nquorum none\n",
        "quorum none\r\n",
        "quorum none\x00\n",
        "quorum none\x7f\n",
        "quorum none\x0b\n",
    ],
)
def test_a_policy_with_one_fault_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        policy(text)
    assert refused.value.code == "policy-malformed"


def test_names_are_octets() -> None:
    kelvin, plain = b"\xe2\x84\xaa", b"K"
    text = b"witness %b %b\nwitness %b %b\ngroup \xff 2 %b %b\nquorum \xff\n" % (
        *(kelvin, TEXTS[0].encode(), plain, TEXTS[1].encode()),
        *(kelvin, plain),
    )
    read = parse_policy(text)
    assert encode_policy(read) == text
    assert not read.is_met([plain])
    assert read.is_met([plain, kelvin])


def test_thirty_two_of_each_are_read_and_a_flood_is_not() -> None:
    keys = [make_vkey(f"w{n}", ED25519_COSIGNATURE, seed(f"many {n}")) for n in range(ITEMS_LIMIT + 1)]
    lines = [f"witness W{n} {encode_vkey(one)}\ngroup G{n} any W{n}\n" for n, one in enumerate(keys)]
    assert len(policy("".join(lines[:32]) + "quorum G0\n").groups) == 32
    with pytest.raises(MalformedError):
        policy("".join(lines) + "quorum G0\n")


def test_a_group_that_one_witness_satisfies_is_an_organisation() -> None:
    read = policy(
        WITNESSES + "group org-a any W0 W1\ngroup org-b any W2\ngroup both 2 org-a org-b W3\nquorum both\n"
    )
    named = {name: read.organisations()[name] for name in (b"W0", b"W1", b"W2", b"W3")}
    assert named == {b"W0": b"org-a", b"W1": b"org-a", b"W2": b"org-b", b"W3": b"W3"}
    assert read.threshold() is None  # W4 and W5 are organisations too, and count for nothing in this quorum


@pytest.mark.parametrize("quorum", range(4))
def test_a_policy_made_of_organisations_says_how_many_are_needed(quorum: int) -> None:
    organisations = {
        b"did:web:xb": [
            PolicyWitness(b"xb/1", KEYS[0], b"https://xb/witness"),
            PolicyWitness(b"xb/2", KEYS[1]),
        ],
        b"did:web:xc": [PolicyWitness(b"xc", KEYS[2])],
        b"did:web:xd": [PolicyWitness(b"xd", KEYS[3])],
        b"did:web:xe": [],
    }
    made = policy_of([PolicyLog(LOG)], organisations, quorum)
    assert made.threshold() == quorum
    assert made.is_met([b"xb/1", b"xb/2"]) == (quorum <= 1)
    assert made.is_met([b"xb/1", b"xc"]) == (quorum <= 2)
    assert parse_policy(encode_policy(made)) == made


def test_a_quorum_above_the_organisations_is_refused() -> None:
    with pytest.raises(MalformedError):
        policy_of([], {b"a": [PolicyWitness(b"w", KEYS[0])]}, 2)


@given(st.binary(max_size=120) | st.text("logwitnesgrupqma \tall 0129#\n", max_size=80).map(str.encode))
def test_any_bytes_are_a_policy_or_refused(data: bytes) -> None:
    try:
        read = parse_policy(data)
    except LedgerError:
        return
    assert parse_policy(encode_policy(read)) == read


NAMES = st.sampled_from([b"a", b"b", b"c", b"d"])


@given(st.lists(st.tuples(st.integers(1, 3), st.lists(NAMES, min_size=1, max_size=3)), max_size=3))
def test_a_quorum_is_met_as_its_definition_says(groups: list[tuple[int, list[bytes]]]) -> None:
    witnesses = tuple(PolicyWitness(name, KEYS[n]) for n, name in enumerate([b"a", b"b", b"c", b"d"]))
    made = tuple(Group(b"g%d" % n, k, tuple(members)) for n, (k, members) in enumerate(groups))
    try:
        read = parse_policy(encode_policy(Policy((), witnesses, made, made[-1].name if made else b"a")))
    except MalformedError:
        return

    def holds(name: bytes, cosigned: tuple[bytes, ...]) -> bool:
        group = next((one for one in read.groups if one.name == name), None)
        if group is None:
            return name in cosigned
        return sum(holds(member, cosigned) for member in group.members) >= group.threshold

    for size in range(5):
        for cosigned in combinations([b"a", b"b", b"c", b"d"], size):
            assert read.is_met(cosigned) == holds(read.quorum, cosigned)
