/**
 * Answers of costly functions whose answer depends on their arguments alone, for a process that judges many files which
 * are nearly alike.  Nothing is kept before `keepAnswers` is called; the page never calls it.
 */

import { toHex } from "./bytes.ts";
import { sha256 } from "./hashes.ts";

let most = 0;

/** Keep the last `count` to twice as many answers of each kind, or none. */
export function keepAnswers(count: number): void {
  most = count;
}

/** The answers of one function. */
export class Kept<T> {
  #answers = new Map<string, T>();
  #before = new Map<string, T>();

  /** What `compute` answers to these arguments; an error is never kept. */
  of(inputs: readonly Uint8Array[], compute: () => T): T {
    if (most === 0) return compute();
    const name = toHex(sha256(...inputs.map((input) => sha256(input))));
    let found = this.#answers.get(name) ?? this.#before.get(name);
    if (found === undefined) {
      found = compute();
      if (this.#answers.size >= most) [this.#before, this.#answers] = [this.#answers, new Map<string, T>()];
      this.#answers.set(name, found);
    }
    return found;
  }
}
