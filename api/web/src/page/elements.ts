/**
 * Elements made of values.  Text is only ever text: nothing here reads markup.
 *
 * What strangers wrote is shown with everything in it that would move other text (bidirectional controls, control
 * characters) in the open, as its code point.
 */

type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string>>;

/** An element with attributes and children. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** The element of an id; the page's own template has it. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/** The field of an id. */
export function input(id: string): HTMLInputElement {
  const found = byId(id);
  if (!(found instanceof HTMLInputElement)) throw new Error(`${id} is no field`);
  return found;
}

/** Someone else's text, in which nothing is hidden and nothing moves what stands beside it. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (one) => {
    const point = one.codePointAt(0) ?? 0;
    return `⟨U+${point.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** Someone else's text as an element that keeps its own direction. */
export function foreign(text: string, name: "span" | "code" = "span"): HTMLElement {
  return element(name, { dir: "auto" }, shown(text));
}

/** A hash, in full. */
export function hash(hex: string): HTMLElement {
  return element("span", { class: "hash" }, hex);
}

/** A fingerprint in groups of four, for comparing by eye and by voice. */
export function fingerprint(hex: string): HTMLElement {
  return element("span", { class: "fingerprint" }, (hex.match(/.{1,4}/g) ?? []).join(" "));
}

/** Terms and what belongs to each. */
export function terms(pairs: readonly (readonly [string, Child | readonly Child[]])[]): HTMLDListElement {
  const list = element("dl");
  for (const [term, told] of pairs) {
    list.append(
      element("dt", {}, term),
      element("dd", {}, ...(Array.isArray(told) ? (told as Child[]) : [told as Child])),
    );
  }
  return list;
}

/** Put these, and nothing else, into a place. */
export function put(place: HTMLElement, ...children: readonly Child[]): void {
  place.replaceChildren(...children.filter((child) => child !== undefined));
}
