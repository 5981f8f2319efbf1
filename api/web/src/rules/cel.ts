/**
 * A restricted CEL: what a rule may ask beyond its table, as a tree.  Names and types are checked when it is read.
 *
 * Source: docs/spec/deciding.md, section Expressions.
 */

import { malformed } from "../core/error.ts";
import { FACTS, type Kind } from "./facts.ts";

/** Brackets, `!` and `-` in front of something, inside each other. */
const DEEPEST = 16;
/** `&&`, `||`, comparisons, `+` and `-` between two, in all. */
const MOST_OPERATORS = 100;

export type Value = string | number | boolean;

/** One node; `kind` is that of its value. */
export type Node = { readonly kind: Kind } & (
  | { readonly is: "constant"; readonly value: Value | readonly Value[] }
  | { readonly is: "fact"; readonly name: string }
  | { readonly is: "!" | "negative" | "size"; readonly of: Node }
  /** `&&`, `||`, `+`, `-`, `in`, or a comparison. */
  | { readonly is: "two"; readonly operator: string; readonly left: Node; readonly right: Node }
);

type Constant = Extract<Node, { readonly is: "constant" }>;

interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

const TOKEN =
  / +|([0-9]+(?![0-9A-Za-z_.]))|("[ !#-[\]-~]*"|'[ -&(-[\]-~]*')|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(==|!=|<=|>=|&&|\|\||[<>!()[\],+-])/y;
const WORDS: ReadonlySet<string> = new Set(["true", "false", "in", "size"]);
const LISTABLE: ReadonlyMap<Kind, Kind> = new Map([
  ["text", "texts"],
  ["integer", "integers"],
  ["truth", "truths"],
]);

/**
 * Read an expression.
 *
 * @throws LedgerError `cel-invalid`, with the offset of the character at fault.
 */
export function parse(text: string): Node {
  return new Reader(tokensOf(text)).whole();
}

function refuse(detail: string, at: number): never {
  throw malformed(`expression, character ${at}: ${detail}`, "cel-invalid");
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) refuse("no such word or sign", at);
    const [whole, number, quoted, name, sign] = found;
    if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (quoted !== undefined) tokens.push({ kind: "text", text: quoted, at });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, at });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
    at += whole.length;
  }
  return [...tokens, { kind: "end", text: "", at: text.length }];
}

/** Recursive descent. */
class Reader {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #operators = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const tree = this.#disjunction();
    const token = this.#token();
    if (token.kind !== "end") refuse("it should end here", token.at);
    this.#need(tree, "truth", token);
    if (this.#operators > MOST_OPERATORS) refuse(`more than ${MOST_OPERATORS} operators`, token.at);
    return tree;
  }

  #disjunction(): Node {
    return this.#joined("||", () => this.#joined("&&", () => this.#relation()));
  }

  #joined(sign: string, part: () => Node): Node {
    let left = part();
    for (let token = this.#take(sign); token !== null; token = this.#take(sign)) {
      left = this.#two("truth", token, this.#need(left, "truth", token), this.#need(part(), "truth", token));
    }
    return left;
  }

  #relation(): Node {
    const left = this.#sum();
    const token = this.#take("==", "!=", "<", "<=", ">", ">=", "in");
    if (token === null) return left;
    const right = this.#sum();
    const isEquality = token.text === "==" || token.text === "!=";
    const fits =
      token.text === "in"
        ? right.kind === LISTABLE.get(left.kind)
        : left.kind === right.kind && (isEquality ? LISTABLE.has(left.kind) : left.kind === "integer");
    if (!fits) refuse(`${left.kind} ${token.text} ${right.kind} is never asked`, token.at);
    return this.#two("truth", token, left, right);
  }

  #sum(): Node {
    let left = this.#factor();
    for (let token = this.#take("+", "-"); token !== null; token = this.#take("+", "-")) {
      const right = this.#need(this.#factor(), "integer", token);
      left = this.#two("integer", token, this.#need(left, "integer", token), right);
    }
    return left;
  }

  #factor(): Node {
    const token = this.#take("!", "-", "(", "size");
    if (token === null) return this.#atom();
    this.#depth += 1;
    if (this.#depth > DEEPEST) refuse(`more than ${DEEPEST} inside each other`, token.at);
    const inner = this.#inner(token);
    this.#depth -= 1;
    return inner;
  }

  #inner(token: Token): Node {
    if (token.text === "!") return { is: "!", kind: "truth", of: this.#need(this.#factor(), "truth", token) };
    if (token.text === "-") {
      return { is: "negative", kind: "integer", of: this.#need(this.#factor(), "integer", token) };
    }
    if (token.text === "size") {
      this.#expect("(");
      const of = this.#sum();
      if (!of.kind.endsWith("s")) refuse(`${of.kind} has no size`, token.at);
      this.#expect(")");
      return { is: "size", kind: "integer", of };
    }
    const inner = this.#disjunction();
    this.#expect(")");
    return inner;
  }

  #atom(): Node {
    const token = this.#token();
    if (this.#take("[") !== null) return this.#list();
    this.#next += 1;
    if (token.kind !== "name" || WORDS.has(token.text)) return constantOf(token);
    const kind = FACTS.get(token.text) ?? refuse("no such fact", token.at);
    return { is: "fact", kind, name: token.text };
  }

  #list(): Node {
    const items = [this.#item()];
    while (this.#take(",") !== null) items.push(this.#item());
    const end = this.#token();
    this.#expect("]");
    const kind = items[0]?.kind ?? "text";
    for (const item of items) this.#need(item, kind, end);
    const value = items.flatMap((item) => item.value);
    return { is: "constant", kind: LISTABLE.get(kind) ?? kind, value };
  }

  #item(): Constant {
    const minus = this.#take("-");
    const constant = constantOf(this.#token());
    this.#next += 1;
    if (minus === null) return constant;
    if (typeof constant.value !== "number") refuse(`a ${constant.kind} has no sign`, minus.at);
    return { ...constant, value: -constant.value };
  }

  #two(kind: Kind, { text }: Token, left: Node, right: Node): Node {
    this.#operators += 1;
    return { is: "two", kind, operator: text, left, right };
  }

  #need(node: Node, kind: Kind, token: Token): Node {
    if (node.kind !== kind) refuse(`${node.kind} where ${kind} is needed`, token.at);
    return node;
  }

  #token(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: 0 };
  }

  /** The next token if it is one of these signs or words. */
  #take(...texts: readonly string[]): Token | null {
    const token = this.#token();
    if ((token.kind !== "sign" && token.kind !== "name") || !texts.includes(token.text)) return null;
    this.#next += 1;
    return token;
  }

  #expect(sign: string): void {
    if (this.#take(sign) === null) refuse(`"${sign}" is missing`, this.#token().at);
  }
}

function constantOf(token: Token): Constant {
  const { kind, text, at } = token;
  if (kind === "text") return { is: "constant", kind, value: text.slice(1, -1) };
  if (kind === "number") {
    const value = Number(text);
    if (text.length > 1 && text.startsWith("0")) refuse("a number starts with another digit than 0", at);
    if (!Number.isSafeInteger(value)) refuse("a number is too large", at);
    return { is: "constant", kind: "integer", value };
  }
  if (text !== "true" && text !== "false") refuse("a value is missing", at);
  return { is: "constant", kind: "truth", value: text === "true" };
}
