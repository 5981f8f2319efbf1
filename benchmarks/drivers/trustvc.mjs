// Signs, derives and verifies W3C credentials by TrustVC (ecdsa-sd-2023), with documents from memory, not the network.
// node trustvc.mjs NPM_FOLDER RECORDS; tells CPU seconds each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [folder, file] = process.argv.slice(2);
const records = JSON.parse(readFileSync(file, "utf8"));
const load = createRequire(path.join(path.resolve(folder), "driver.cjs"));
const credentials = load("@trustvc/w3c-vc");
const { getDocumentLoader } = load("@trustvc/w3c-context");
const { generateKeyPair } = load("@trustvc/w3c-issuer");

const SUITE = "ecdsa-sd-2023";
const WARM = 20;

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const issuer = records[0].subject.exporter.did;
const pair = await generateKeyPair({ type: SUITE });
const method = {
  "@context": "https://w3id.org/security/multikey/v1",
  id: `${issuer}#key-1`,
  type: "Multikey",
  controller: issuer,
  publicKeyMultibase: pair.publicKeyMultibase,
};
const key = { ...method, secretKeyMultibase: pair.secretKeyMultibase };
const document = {
  "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
  id: issuer,
  verificationMethod: [method],
  assertionMethod: [method.id],
};
const shipped = await getDocumentLoader();
const own = new Map([
  [issuer, document],
  [method.id, method],
]);
const documentLoader = async (url) =>
  own.has(url) ? { contextUrl: null, documentUrl: url, document: own.get(url) } : shipped(url);

const unwrapped = (answer, member) => {
  if (answer.error || !answer[member]) throw new Error(`TrustVC: ${answer.error ?? `no ${member}`}`);
  return answer[member];
};

const sign = async ({ id, validFrom, subject }) => {
  const credential = {
    "@context": [
      "https://www.w3.org/ns/credentials/v2",
      "https://w3id.org/security/data-integrity/v2",
      { "@vocab": "https://exporter.example.xa/terms#" },
    ],
    type: ["VerifiableCredential"],
    issuer,
    validFrom,
    credentialSubject: { id, ...subject },
  };
  return unwrapped(await credentials.signCredential(credential, key, SUITE, { documentLoader }), "signed");
};
const derive = async (signed) =>
  unwrapped(
    await credentials.deriveCredential(signed, ["/credentialSubject"], { documentLoader }),
    "derived",
  );
const verify = async (derived) =>
  unwrapped(await credentials.verifyCredential(derived, { documentLoader }), "verified");

const timed = async (items, run) => {
  const begun = seconds();
  const found = [];
  for (const item of items) found.push(await run(item));
  return [found, (seconds() - begun) / items.length];
};

for (const record of records.slice(0, WARM)) await verify(await derive(await sign(record)));
const [signed, signing] = await timed(records, sign);
const [derived, deriving] = await timed(signed, derive);
const [, verifying] = await timed(derived, verify);
const changed = structuredClone(derived[0]);
changed.credentialSubject.reference += "0";
if ((await credentials.verifyCredential(changed, { documentLoader })).verified) throw new Error("verifies nothing");
const manifest = path.join(path.resolve(folder), "node_modules", "@trustvc", "trustvc", "package.json");
const { name, version } = JSON.parse(readFileSync(manifest, "utf8"));
console.log(
  JSON.stringify({ package: `${name} ${version}`, sign: signing, derive: deriving, verify: verifying }),
);
process.exit(0);
