// Reads and writes encoded lists with an independent implementation of Bitstring Status List.
//
// Standard input:  {"read":  [{"encodedList", "indexes"}],
//                   "write": [{"length", "set": [index, …]}]}
// Standard output: {"read": [{"length", "set": [those of the indexes that are set]}], "written": [encodedList]}
import {createList, decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import {readFileSync} from 'node:fs';

async function read({encodedList, indexes}) {
  const list = await decodeList({encodedList});
  return {length: list.length, set: indexes.filter(index => list.getStatus(index))};
}

async function write({length, set}) {
  const list = await createList({length});
  for(const index of set) {
    list.setStatus(index, true);
  }
  return list.encode();
}

const requests = JSON.parse(readFileSync(0, 'utf8'));
const answer = {
  read: await Promise.all((requests.read ?? []).map(read)),
  written: await Promise.all((requests.write ?? []).map(write)),
};
process.stdout.write(JSON.stringify(answer));
