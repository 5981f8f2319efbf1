"""The precompiled contracts of two curves: loaded when one is called, and then what the protocol says they are."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from ledger.chain.embedded_calls import Call
from tests.chain.anchoring import SENDER, embedded

def curves():
    return [name for name in sys.modules if name.startswith("py_ecc.optimized")]

with embedded(Path(sys.argv[1])) as dev:
    assert not curves(), curves()

    def asked(number, *words):
        data = b"".join(words)
        return dev.chain.call(Call(SENDER, number.to_bytes(20), data=data), dev.chain.head()).output

    def word(number, size=32):
        return number.to_bytes(size)

    # EIP-196: the generator doubled; EIP-197: a product of nothing is one.
    double = bytes.fromhex("030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3"
                           "15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4")
    generator = word(1) + word(2)
    assert asked(6, generator, generator) == asked(7, generator, word(2)) == double
    assert asked(8) == word(1)
    assert curves() == [name for name in curves() if "bls" not in name] != []

    # EIP-2537: a point and itself, the point twice; a pairing with nothing is one.
    for mapped, add, product, size in ((16, 11, 12, 64), (17, 13, 14, 128)):
        point = asked(mapped, word(5, size))
        assert len(point) == 2 * size and any(point)
        assert asked(add, point, point) == asked(product, point, word(2)) != point
    assert asked(15, bytes(384)) == word(1)

    import eth.precompiles, eth.precompiles.bls12_381 as loaded
    assert callable(eth.precompiles.ecadd) and loaded.__file__
"""


def test_the_curves_are_loaded_when_a_contract_calls_them_and_not_before(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
