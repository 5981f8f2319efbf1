// Verifies Blockcerts by cert-verifier-js: one batch on its mock chain, the issuer's profile from memory, no network.
// node blockcerts.mjs NPM_FOLDER RECORDS; tells CPU seconds each.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const records = JSON.parse(readFileSync(file, "utf8"));
const modules = path.join(path.resolve(folder), "node_modules");
const load = createRequire(path.join(path.resolve(folder), "driver.cjs"));
const bring = async (...parts) => import(pathToFileURL(path.join(modules, ...parts)).href);
const jsonld = load("jsonld");
const { Certificate } = load("@blockcerts/cert-verifier-js/dist/verifier-node/index.js");
const { Encoder } = await bring("@blockcerts", "lds-merkle-proof-2019", "src", "index.js");
const { preloadedContexts } = await bring("@blockcerts", "schemas", "index.mjs");

console.log = console.warn = console.error = () => {}; // it tells each step that it leaves out, which is not measured

const ISSUER = "https://exporter.example.xa/issuer.json";
const WARM = 20;

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const profile = {
  "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/openbadges/v2", "https://w3id.org/blockcerts/v3"],
  type: "Profile",
  id: ISSUER,
  name: "An exporter",
  url: "https://exporter.example.xa",
  email: "records@exporter.example.xa",
  publicKey: [{ id: "ecdsa-koblitz-pubkey:mgdWjvq4RYAAP5goUNagTRMx7Xw534S5am", created: "2021-01-01T00:00:00Z" }],
  verificationMethod: [
    {
      id: `${ISSUER}#key-1`,
      controller: ISSUER,
      type: "EcdsaSecp256k1VerificationKey2019",
      publicKeyJwk: {
        kty: "EC",
        crv: "secp256k1",
        x: "6_JKJIXL7PJQT9hnr03yQNda_fUfmfrcZpymkRqsmH4",
        y: "steT4D8LrgwmqASd1EMy6ZyyAqsl-KvNlD7rBhX3za8",
      },
    },
  ],
};
globalThis.fetch = async (asked) => {
  const url = typeof asked === "string" ? asked : asked.url;
  if (url !== ISSUER) throw new Error(`asked the network for ${url}`);
  return new Response(JSON.stringify(profile), { headers: { "content-type": "application/json" } });
};

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const joined = (left, right) => sha256(Buffer.from(left + right, "hex"));
const documentLoader = async (url) => {
  if (!(url in preloadedContexts)) throw new Error(`asked the network for ${url}`);
  return { contextUrl: null, documentUrl: url, document: preloadedContexts[url] };
};

// As cert-issuer does: the hash of the canonical credential is a leaf, two nodes side by side are hashed, an odd one
// goes up as it is.
const levelsOf = (leaves) => {
  const levels = [leaves];
  while (levels.at(-1).length > 1) {
    const row = levels.at(-1);
    const pairs = row.filter((_, at) => at % 2 === 0);
    levels.push(pairs.map((left, at) => (2 * at + 1 < row.length ? joined(left, row[2 * at + 1]) : left)));
  }
  return levels;
};
const pathOf = (levels, index) =>
  levels.slice(0, -1).flatMap((row, depth) => {
    const at = index >> depth;
    if (at % 2) return [{ left: row[at - 1] }];
    return at + 1 < row.length ? [{ right: row[at + 1] }] : [];
  });

const credentials = records.map(({ id, validFrom, subject }) => ({
  "@context": [
    "https://www.w3.org/ns/credentials/v2",
    "https://w3id.org/security/data-integrity/v2",
    "https://w3id.org/blockcerts/v3.1",
    { "@vocab": "https://exporter.example.xa/terms#" },
  ],
  id,
  type: ["VerifiableCredential", "BlockcertsCredential"],
  issuer: ISSUER,
  validFrom,
  credentialSubject: { id, ...subject },
}));
const leaves = [];
for (const one of credentials) {
  const options = { algorithm: "URDNA2015", format: "application/nquads", documentLoader, safe: false };
  leaves.push(sha256(await jsonld.normalize(one, options)));
}
const levels = levelsOf(leaves);
const anchors = ["blink:mocknet:mocknet:d41d8cd98f00b204e9800998ecf8427e"];
const proved = credentials.map((one, index) => {
  const proof = { path: pathOf(levels, index), merkleRoot: levels.at(-1)[0], targetHash: leaves[index], anchors };
  return {
    ...one,
    proof: {
      type: "DataIntegrityProof",
      cryptosuite: "merkle-proof-2019",
      proofPurpose: "assertionMethod",
      created: one.validFrom,
      proofValue: new Encoder(proof).encode(),
      verificationMethod: `${ISSUER}#key-1`,
    },
  };
});

const verdict = async (credential) => {
  const certificate = new Certificate(structuredClone(credential));
  await certificate.init();
  return certificate.verify();
};
const verify = async (credential) => {
  const { status, message } = await verdict(credential);
  if (status !== "success") throw new Error(`not verified: ${JSON.stringify(message)}`);
};

for (const one of proved.slice(0, WARM)) await verify(one);
const begun = seconds();
for (const one of proved) await verify(one);
const verifying = (seconds() - begun) / proved.length;
const changed = structuredClone(proved[0]);
changed.credentialSubject.reference += "0";
if ((await verdict(changed)).status === "success") throw new Error("verifies nothing");
const { name, version } = load("@blockcerts/cert-verifier-js/package.json");
process.stdout.write(`${JSON.stringify({ package: `${name} ${version}`, verify: verifying })}\n`);
process.exit(0);
