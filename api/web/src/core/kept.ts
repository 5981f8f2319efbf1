/**
 * Answers of costly functions whose answer depends on their arguments alone, for a process that judges many files which
 * are nearly alike.  Nothing is kept before `keepAnswers` is called; the page never calls it.
 */

/** Bytes as a text of as many characters. */
type Naming = (input: Uint8Array) => string;

let most = 0;
let naming: Naming = String;

/** Keep the last `count` to twice as many answers of each kind, or none. */
export function keepAnswers(count: number, name: Naming): void {
  most = count;
  naming = name;
}

/** The answers of one function. */
export class Kept<T> {
  #answers = new Map<string, T>();
  #before = new Map<string, T>();

  /** What `compute` answers to these arguments; an error is never kept. */
  of(inputs: readonly Uint8Array[], compute: () => T): T {
    if (most === 0) return compute();
    const name = inputs.map((input) => `${input.length} ${naming(input)}`).join("");
    let found = this.#answers.get(name) ?? this.#before.get(name);
    if (found === undefined) {
      found = compute();
      if (this.#answers.size >= most) [this.#before, this.#answers] = [this.#answers, new Map<string, T>()];
      this.#answers.set(name, found);
    }
    return found;
  }
}
