"""Headers, transactions, receipts and logs of an embedded chain as JSON-RPC shows them.

Source: the Ethereum execution API specification.  Quantities are hexadecimal without leading zeros, data is
hexadecimal with two digits a byte; every header field is given as it stands in the header's RLP.
"""

from typing import Any

from eth._utils.address import generate_contract_address
from eth.abc import BlockHeaderAPI
from eth_typing import Address

from ledger.chain.embedded import MinedTransaction
from ledger.chain.embedded_proofs import Proof
from ledger.chain.embedded_store import StoredLog

Object = dict[str, Any]


def quantity(value: int) -> str:
    """`value` as a JSON-RPC quantity."""
    return hex(value)


def data(value: bytes) -> str:
    """`value` as JSON-RPC data."""
    return "0x" + value.hex()


def block_object(header: BlockHeaderAPI, mined: list[MinedTransaction], *, full: bool, size: int) -> Object:
    """A block, with its transactions in full or by hash."""
    shown = [transaction_object(each) if full else data(each.transaction.hash) for each in mined]
    return {
        **header_object(header),
        "hash": data(header.hash),
        "size": quantity(size),
        "totalDifficulty": "0x0",
        "transactions": shown,
        "uncles": [],
        "withdrawals": [],
    }


def header_object(header: Any) -> Object:
    """The fields of a Prague header."""
    return {
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "difficulty": quantity(header.difficulty),
        "number": quantity(header.block_number),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "withdrawalsRoot": data(header.withdrawals_root),
        "blobGasUsed": quantity(header.blob_gas_used),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "parentBeaconBlockRoot": data(header.parent_beacon_block_root),
        "requestsHash": data(header.requests_hash),
    }


def transaction_object(mined: MinedTransaction) -> Object:
    """A mined transaction."""
    transaction, header = mined.transaction, mined.header
    kind = transaction.type_id or 0
    shown: Object = {
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "transactionIndex": quantity(mined.index),
        "hash": data(transaction.hash),
        "type": quantity(kind),
        "chainId": quantity(transaction.chain_id or 0),
        "nonce": quantity(transaction.nonce),
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(_gas_price(mined)),
        "input": data(transaction.data),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
        "v": quantity(transaction.y_parity if kind else transaction.v),  # type: ignore[attr-defined]
    }
    if kind:
        shown["yParity"] = quantity(transaction.y_parity)
        shown["accessList"] = [
            {"address": data(address), "storageKeys": [data(slot.to_bytes(32, "big")) for slot in slots]}
            for address, slots in transaction.access_list
        ]
    if kind == 2:  # noqa: PLR2004 - EIP-1559
        shown["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        shown["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    return shown


def receipt_object(mined: MinedTransaction) -> Object:
    """The transaction receipt, with every field that its RLP has."""
    transaction, header, receipt = mined.transaction, mined.header, mined.receipt
    created = None
    if not transaction.to:
        created = data(generate_contract_address(Address(transaction.sender), transaction.nonce))
    return {
        "type": quantity(transaction.type_id or 0),
        "status": quantity(int.from_bytes(receipt.state_root, "big")),
        "cumulativeGasUsed": quantity(receipt.gas_used),
        "logsBloom": data(receipt.bloom.to_bytes(256, "big")),
        "logs": [
            log_object(
                StoredLog(
                    header.block_number,
                    mined.first_log + position,
                    mined.index,
                    log.address,
                    tuple(topic.to_bytes(32, "big") for topic in log.topics),
                    log.data,
                ),
                header,
                transaction.hash,
            )
            for position, log in enumerate(receipt.logs)
        ],
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(mined.index),
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "gasUsed": quantity(mined.gas_used),
        "effectiveGasPrice": quantity(_gas_price(mined)),
        "contractAddress": created,
    }


def log_object(log: StoredLog, header: BlockHeaderAPI, transaction_hash: bytes) -> Object:
    """An event log with its place in the chain."""
    return {
        "address": data(log.address),
        "topics": [data(topic) for topic in log.topics],
        "data": data(log.data),
        "blockNumber": quantity(log.block),
        "blockHash": data(header.hash),
        "blockTimestamp": quantity(header.timestamp),
        "transactionHash": data(transaction_hash),
        "transactionIndex": quantity(log.transaction_index),
        "logIndex": quantity(log.log_index),
        "removed": False,
    }


def proof_object(address: bytes, proof: Proof) -> Object:
    """The answer of `eth_getProof`."""
    return {
        "address": data(address),
        "accountProof": [data(node) for node in proof.nodes],
        "balance": quantity(proof.account.balance),
        "codeHash": data(proof.account.code_hash),
        "nonce": quantity(proof.account.nonce),
        "storageHash": data(proof.account.storage_root),
        "storageProof": [
            {"key": data(slot), "value": quantity(value), "proof": [data(node) for node in nodes]}
            for slot, value, nodes in proof.slots
        ],
    }


def _gas_price(mined: MinedTransaction) -> int:
    transaction = mined.transaction
    base_fee = mined.header.base_fee_per_gas or 0
    return min(transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas + base_fee)
