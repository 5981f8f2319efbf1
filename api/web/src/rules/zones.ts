/** Zones, and the areas they lie in, by their names alone. Source: docs/spec/deciding.md, 3. */

/** Whether a zone is an area or a part of it. */
export function liesIn(zone: string, area: string): boolean {
  return zone === area || zone.startsWith(`${area}-`) || zone.startsWith(`${area}+`);
}
