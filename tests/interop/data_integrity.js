// Verifies and signs documents with an independent implementation of the Data Integrity suites.
//
// Standard input:  {"verify": [{"document", "publicKeyMultibase"}],
//                   "sign":   [{"document", "verificationMethod", "created", "publicKeyMultibase", "secretHex"}]}
// Standard output: {"verified": [{"verified", "errors"}], "signed": [document], "loaded": [address, …]}
//
// Nothing is fetched: an address that is not given here is an error.
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as base58 from 'base58-universal';
import * as ecdsa from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as eddsa from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsigs from 'jsonld-signatures';
import {readFileSync} from 'node:fs';

const {AssertionProofPurpose} = jsigs.purposes;
const SUITES = {'eddsa-jcs-2022': eddsa, 'ecdsa-jcs-2019': ecdsa};
const loaded = new Set();

// The JCS suites sign the text of a document, not its expansion, so these contexts are only ever named.
const CONTEXTS = new Map([
  ['https://www.w3.org/ns/credentials/v2', {'@context': {'@protected': true, id: '@id', type: '@type'}}],
  ['urn:evidence-ledger:context:v1', {'@context': {}}],
]);

function keyDocument(id, publicKeyMultibase) {
  const controller = id.slice(0, id.indexOf('#'));
  return {'@context': 'https://w3id.org/security/multikey/v1', id, type: 'Multikey', controller, publicKeyMultibase};
}

// A loader that knows the contexts, one key, and the document of the party that holds it.
function loaderFor(id, publicKeyMultibase) {
  const key = keyDocument(id, publicKeyMultibase);
  const party = {'@context': ['https://www.w3.org/ns/did/v1'], id: key.controller, assertionMethod: [id]};
  const documents = new Map([...CONTEXTS, [id, key], [key.controller, party]]);
  return async address => {
    loaded.add(address);
    const document = documents.get(address);
    if(!document) {
      throw new Error(`${address} is not known here, and nothing is fetched`);
    }
    return {contextUrl: null, documentUrl: address, document: structuredClone(document)};
  };
}

async function verify({document, publicKeyMultibase}) {
  const {cryptosuite, verificationMethod} = document.proof;
  const result = await jsigs.verify(document, {
    suite: new DataIntegrityProof({cryptosuite: SUITES[cryptosuite].createVerifyCryptosuite()}),
    purpose: new AssertionProofPurpose(),
    documentLoader: loaderFor(verificationMethod, publicKeyMultibase),
  });
  const errors = (result.error?.errors ?? (result.error ? [result.error] : [])).map(String);
  return {verified: result.verified, errors};
}

async function signerOf({verificationMethod, publicKeyMultibase, secretHex}) {
  const key = keyDocument(verificationMethod, publicKeyMultibase);
  const secret = Buffer.from(secretHex, 'hex');
  if(publicKeyMultibase.startsWith('z6Mk')) {
    const pair = await Ed25519Multikey.generate({id: key.id, controller: key.controller, seed: new Uint8Array(secret)});
    return ['eddsa-jcs-2022', pair.signer()];
  }
  const secretKeyMultibase = 'z' + base58.encode(Buffer.concat([Buffer.from([0x86, 0x26]), secret]));
  const pair = await EcdsaMultikey.from({...key, secretKeyMultibase});
  return ['ecdsa-jcs-2019', pair.signer()];
}

async function sign(request) {
  const [suite, signer] = await signerOf(request);
  return jsigs.sign(request.document, {
    suite: new DataIntegrityProof({signer, date: request.created, cryptosuite: SUITES[suite].createSignCryptosuite()}),
    purpose: new AssertionProofPurpose(),
    documentLoader: loaderFor(request.verificationMethod, request.publicKeyMultibase),
  });
}

const requests = JSON.parse(readFileSync(0, 'utf8'));
const answer = {
  verified: await Promise.all((requests.verify ?? []).map(verify)),
  signed: await Promise.all((requests.sign ?? []).map(sign)),
};
process.stdout.write(JSON.stringify({...answer, loaded: [...loaded]}));
