"""A node's home folder: its settings and its keys.

    node.toml        settings                           keys/registrar.json   signs enrolments
    keys/log.json    Ed25519 and ML-DSA-44 of the log   keys/publisher.json   signs the node's own trust list
    keys/head.json   head signatures                    trust/                trust lists pinned on this node
    keys/finality.json   claims about its chain         keys/sender.json      pays for the log's anchors
    keys/witness.json    cosigns partners' checkpoints  keys/attester.json    vouches for partners' chains
    keys/relay.json      pays for carrying partners' checkpoints to the own chain

    predecessor.json     what was claimed of the logs that this one succeeds    succeeded.json   the log ended

`init_home` makes all of it in a folder beside the place and renames that, so that a home is there whole or not at
all.  Databases and `claim.json` come when the node first starts.

Source: docs/operations.md, docs/spec/key-file.md.
"""

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.chains import ChainSettings, EmbeddedSettings
from ledger.config import (
    DEFAULT_PORT,
    KEY_LIFE,
    LIMIT,
    Settings,
    embedded_chain_id,
    encode_settings,
    origin_of,
    parse_settings,
)
from ledger.core.checkpoint import LogSigner
from ledger.core.note import ED25519_COSIGNATURE, VKey, make_vkey
from ledger.core.suites import EDDSA, RANDOM_SIZE, PrivateKey
from ledger.core.times import format_time
from ledger.errors import SetupError
from ledger.services.files import exists, read_bounded, replace, reported, sync_folder, write_new
from ledger.services.keys.keyfile import (
    KINDS,
    SECRET_SIZE,
    HeldKey,
    HolderKey,
    Kind,
    NodeKey,
    make_holder_key,
    make_node_key,
    random_size,
    read_head_key,
    read_holder_key,
    read_node_key,
    write_key,
)

SETTINGS: Final = "node.toml"
KEYS: Final = "keys"
TRUST: Final = "trust"
CLAIM: Final = "claim.json"
PREDECESSOR: Final = "predecessor.json"
REGISTRAR: Final = "registrar"
PUBLISHER: Final = "publisher"
_FOLDER_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """Every key of a node.

    Attributes:
        log: Signs checkpoints.
        head: Signs heads for contracts; its address is in the log's id.
        finality: Vouches for blocks of the node's chain.
        sender: Sends and pays the transactions that anchor the log.
        witness: Cosigns partners' checkpoints.
        attester: Vouches for the blocks of partners' chains.
        relay: Sends and pays the transactions that carry partners' checkpoints.
        registrar: Signs enrolments, in the name of the registrar.
        publisher: Signs the node's claim, in the name of the operator.
    """

    log: NodeKey
    head: NodeKey | HeldKey
    finality: NodeKey
    sender: NodeKey
    witness: NodeKey
    attester: NodeKey
    relay: NodeKey
    registrar: HolderKey
    publisher: HolderKey


@dataclass(frozen=True, slots=True)
class Home:
    """A node's folder, read and checked."""

    path: Path
    settings: Settings
    keys: NodeKeys

    @property
    def claim(self) -> Path:
        """Where the node's own trust list stands once it has been made."""
        return self.path / CLAIM

    @property
    def predecessor(self) -> Path:
        """Where the last claim about the logs before this one stands; there where the log succeeds another."""
        return self.path / PREDECESSOR

    @property
    def trust(self) -> Path:
        """The folder of the trust lists pinned on this node."""
        return self.path / TRUST

    @property
    def witness_name(self) -> str:
        """Name of the key with which this node cosigns, e.g. registry.example.xa/witness."""
        return self.settings.origin.split("/")[0] + "/witness"

    def witness_vkey(self) -> VKey:
        """The key with which this node cosigns, as others know it."""
        private = PrivateKey(EDDSA, self.keys.witness.secret)
        return make_vkey(self.witness_name, ED25519_COSIGNATURE, private.public.raw)

    def log_signer(self) -> LogSigner:
        """What signs this log's checkpoints."""
        secret = self.keys.log.secret
        return LogSigner(
            origin=self.settings.origin,
            ed25519_secret=secret[:SECRET_SIZE],
            mldsa_seed=secret[SECRET_SIZE:],
            head=self.keys.head.signer,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody says of a node before there is one.

    Attributes:
        jurisdiction: ISO 3166-1 alpha-2, or XA to XZ for tests.
        authority: Host name, the first part of the log's origin, e.g. registry.example.xa.
        operator: DID of the organisation that runs the node; None: `did:web:` and the authority.
        registrar: DID of the authority that enrols; None: the operator.
        chain: None: an embedded chain with an id of its own.
        port: TCP port on the loopback interface.
        address: Where partners reach the node; None where it does not say.
    """

    jurisdiction: str
    authority: str
    operator: str | None = None
    registrar: str | None = None
    chain: ChainSettings | None = None
    port: int = DEFAULT_PORT
    address: str | None = None


def init_home(path: Path, plan: Plan, *, now: int, random: Callable[[int], bytes]) -> Home:
    """Make the home of a new node, with new keys.

    Args:
        path: Must not exist yet, or be an empty folder.
        plan: What the node shall be.
        now: POSIX seconds; keys count from here.
        random: `os.urandom`, or as good.

    Raises:
        SetupError: `home-exists`; `settings-invalid`; or the disk's own fault (`disk-full`, `disk-read-only`,
            `permission-denied`, …).  Nothing is left behind.
    """
    _require_free(path)
    node_keys = {kind: make_node_key(kind, random(random_size(kind))) for kind in KINDS}
    settings = _settings(plan, node_keys["head"], now)
    year = "#" + format_time(now)[:4]
    holders = {
        REGISTRAR: make_holder_key(settings.registrar, year, EDDSA, random(RANDOM_SIZE)),
        PUBLISHER: make_holder_key(settings.operator, f"{year}-publisher", EDDSA, random(RANDOM_SIZE)),
    }
    keys: dict[str, NodeKey | HolderKey] = {**holders}
    keys.update({str(kind): key for kind, key in node_keys.items()})
    return make_home(path, settings, keys)


def make_home(
    path: Path,
    settings: Settings,
    keys: Mapping[str, NodeKey | HolderKey],
    *,
    fill: Callable[[Home], None] = lambda _: None,
) -> Home:
    """Make a home of settings and keys, in one step.

    Args:
        path: Must not exist yet, or be an empty folder.
        settings: What stands in `node.toml`.
        keys: Every key of a home, by the name of its file.
        fill: Puts what else shall be there into the home, where it stands meanwhile.

    Raises:
        SetupError: As `init_home`, and whatever `fill` raises.  Nothing is left behind.
    """
    _require_free(path)
    with reported("make home", path), _parents_of(path), _built_beside(path) as building:
        (building / KEYS).mkdir(mode=_FOLDER_MODE)
        (building / TRUST).mkdir(mode=_FOLDER_MODE)
        for name, key in keys.items():
            write_key(_key_path(building, name), key)
        write_new(building / SETTINGS, encode_settings(settings).encode(), what="settings")
        fill(open_home(building))
        sync_folder(building)
        try:
            building.rename(path)  # replaces an empty folder, and nothing else
        except OSError:
            _require_free(path)
            raise
        try:
            sync_folder(path.absolute().parent)
        except OSError:
            path.rename(building)  # nobody was told of it; without this the next try would find a home
            raise
    return open_home(path)


def open_home(path: Path) -> Home:
    """Read a home.

    Raises:
        SetupError: `home-missing`; `home-writable` where others may write there; `key-file-readable`;
            `settings-invalid`; `home-keys` where a key belongs to somebody else or stands in for another; as
            `read_node_key`; or the disk's own fault.
    """
    if not exists(path / SETTINGS):
        raise SetupError(
            f"{path} is not the home of a node; evidence node init makes one", code="home-missing"
        )
    with reported("read home", path):
        mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SetupError(
            f"home {path} has mode {mode:04o}, so others may change it; it must be 0700 (chmod 700)",
            code="home-writable",
        )
    settings = parse_settings(read_bounded(path / SETTINGS, limit=LIMIT, what="settings"))
    registrar = read_holder_key(_key_path(path, REGISTRAR))
    publisher = read_holder_key(_key_path(path, PUBLISHER))
    for key, holder, name in (
        (registrar, settings.registrar, REGISTRAR),
        (publisher, settings.operator, PUBLISHER),
    ):
        if key.holder != holder:
            raise SetupError(
                f"the {name} key of home {path} is held by {key.holder}; the settings name {holder}",
                code="home-keys",
            )

    def node_key(kind: Kind) -> NodeKey:
        return read_node_key(_key_path(path, kind), kind)

    keys = NodeKeys(
        log=node_key("log"),
        head=read_head_key(_key_path(path, "head")),
        finality=node_key("finality"),
        sender=node_key("sender"),
        witness=node_key("witness"),
        attester=node_key("attester"),
        relay=node_key("relay"),
        registrar=registrar,
        publisher=publisher,
    )
    on_chains = (keys.head, keys.finality, keys.sender, keys.attester, keys.relay)
    if len({key.public for key in on_chains}) != len(on_chains):
        # One key for two of them would let a signature made for one purpose serve another.
        named = ", ".join(key.kind for key in on_chains)
        raise SetupError(f"the keys {named} of home {path} must all be different", code="home-keys")
    return Home(path, settings, keys)


def save_settings(home: Home, settings: Settings) -> Home:
    """Write other settings in place of the home's, in one step; the anchor's address after it is deployed.

    Raises:
        SetupError: The disk's own fault; the earlier settings then stand.
    """
    replace(home.path / SETTINGS, encode_settings(settings).encode(), what="settings")
    return Home(home.path, settings, home.keys)


def _settings(plan: Plan, head: NodeKey, now: int) -> Settings:
    operator = plan.operator if plan.operator is not None else f"did:web:{plan.authority}"
    chain = (
        plan.chain if plan.chain is not None else EmbeddedSettings(embedded_chain_id(head.public.encode()))
    )
    return Settings(
        jurisdiction=plan.jurisdiction,
        origin=origin_of(plan.authority, plan.jurisdiction, now),
        operator=operator,
        registrar=plan.registrar if plan.registrar is not None else operator,
        founded=now,
        registrar_key_until=now + KEY_LIFE,
        chain=chain,
        port=plan.port,
        address=plan.address,
    )


def _key_path(home: Path, name: str) -> Path:
    return home / KEYS / f"{name}.json"


def _require_free(path: Path) -> None:
    if not exists(path):
        return
    with reported("look into", path):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            return
    raise SetupError(f"{path} exists already; a home is never overwritten", code="home-exists")


@contextmanager
def _parents_of(path: Path) -> Iterator[None]:
    """Make the folders above `path`; on failure remove those that were made."""
    made: list[Path] = []
    try:
        for folder in reversed([parent for parent in path.absolute().parents if not parent.exists()]):
            folder.mkdir()
            made.append(folder)
        yield
    except BaseException:
        _remove(made)
        raise


def _remove(folders: Sequence[Path]) -> None:
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def _built_beside(path: Path) -> Iterator[Path]:
    """A folder beside `path`, gone afterwards unless it was renamed."""
    building = Path(tempfile.mkdtemp(prefix=f".{path.name[:64]}.", dir=path.absolute().parent))
    try:
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)
