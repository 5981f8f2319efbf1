// Signs and verifies off-chain attestations of the Ethereum Attestation Service (EIP-712), in process, without RPC.
// node eas.cjs NPM_FOLDER RECORDS; tells CPU seconds each.
const path = require("node:path");
const { readFileSync } = require("node:fs");

const [folder, file] = process.argv.slice(2);
const records = JSON.parse(readFileSync(file, "utf8"));
const load = require("node:module").createRequire(path.join(path.resolve(folder), "driver.cjs"));
const sdk = "@ethereum-attestation-service/eas-sdk";
const { EAS, Offchain, OffchainAttestationVersion, SchemaEncoder } = load(sdk);
const { Wallet, ZeroAddress, ZeroHash, keccak256, toUtf8Bytes } = load("ethers");

const CONTRACT = "0x" + "aa".repeat(20);
const SCHEMA = "string id,string exporter,string importer,string flow,bytes32 commitment,string mediaType,string reference";
const WARM = 50;

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const main = async () => {
  const signer = new Wallet("0x" + "11".repeat(32));
  const place = { address: CONTRACT, version: "1.4.0", chainId: 1n };
  const offchain = new Offchain(place, OffchainAttestationVersion.Version2, new EAS(CONTRACT));
  const encoder = new SchemaEncoder(SCHEMA);
  const schema = keccak256(toUtf8Bytes(SCHEMA));
  const sign = ({ id, validFrom, subject }) => {
    const values = {
      id,
      exporter: subject.exporter.did,
      importer: subject.importer.did,
      flow: subject.flow,
      commitment: "0x" + subject.payload.commitment,
      mediaType: subject.payload.mediaType,
      reference: subject.reference,
    };
    const fields = SCHEMA.split(",").map((field) => field.split(" "));
    const data = encoder.encodeData(fields.map(([type, name]) => ({ type, name, value: values[name] })));
    const time = BigInt(Math.floor(Date.parse(validFrom) / 1000));
    const claim = { schema, recipient: ZeroAddress, time, expirationTime: 0n, revocable: true, refUID: ZeroHash, data };
    return offchain.signOffchainAttestation(claim, signer, { verifyOnchain: false });
  };
  const verify = (signed) => {
    if (!offchain.verifyOffchainAttestationSignature(signer.address, signed)) throw new Error("not verified");
  };
  for (const record of records.slice(0, WARM)) verify(await sign(record));
  let begun = seconds();
  const signed = [];
  for (const record of records) signed.push(await sign(record));
  const signing = (seconds() - begun) / records.length;
  begun = seconds();
  for (const one of signed) verify(one);
  const verifying = (seconds() - begun) / records.length;
  signed[0].message.time += 1n;
  if (offchain.verifyOffchainAttestationSignature(signer.address, signed[0])) throw new Error("verifies nothing");
  const { version } = load(path.join(path.resolve(folder), "node_modules", sdk, "package.json"));
  console.log(JSON.stringify({ package: `${sdk} ${version}`, sign: signing, verify: verifying }));
};

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
