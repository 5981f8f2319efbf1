/**
 * What an expression says of the facts of a line.
 *
 * Names and types were checked when it was read: only numbers that are too large can go wrong.
 * Source: docs/spec/deciding.md, section Expressions.
 */

import type { Node, Value } from "./cel.ts";
import type { Fact, Facts } from "./facts.ts";
import { both, either, FAULT, type Truth, type Unsettled, withoutValue } from "./truth.ts";

type Operand = Value | readonly Value[] | Fact;
type Computed = Operand | Unsettled;

/** Whether an expression, whose kind is truth, holds. */
export function holds(expression: Node, facts: Facts): Truth {
  return valueOf(expression, facts) as Truth; // of kind truth, as was checked when it was read
}

function valueOf(node: Node, facts: Facts): Computed {
  switch (node.is) {
    case "constant":
      return node.value;
    case "fact":
      return facts.get(node.name) ?? new Set([node.name]);
    case "two":
      return ofTwo(node.operator, valueOf(node.left, facts), valueOf(node.right, facts));
    case "!":
      return withoutValue<Operand, Computed>([valueOf(node.of, facts)], (value) => value === false);
    case "negative":
      return withoutValue<Operand, Computed>([valueOf(node.of, facts)], (value) => bounded(-Number(value)));
    case "size":
      return withoutValue<Operand, Computed>([valueOf(node.of, facts)], (list) => itemsOf(list).length);
  }
}

/** What it costs to evaluate: nodes that are neither facts nor constants. */
export function operatorsOf(node: Node): number {
  if (node.is === "constant" || node.is === "fact") return 0;
  return 1 + (node.is === "two" ? operatorsOf(node.left) + operatorsOf(node.right) : operatorsOf(node.of));
}

function ofTwo(operator: string, left: Computed, right: Computed): Computed {
  if (operator === "&&") return both(left as Truth, right as Truth); // of kind truth, as above
  if (operator === "||") return either(left as Truth, right as Truth);
  return withoutValue<Operand, Computed>([left, right], (one, other) => computed(operator, one, other));
}

function computed(operator: string, left: Operand | undefined, right: Operand | undefined): Computed {
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return Number(left) < Number(right);
    case "<=":
      return Number(left) <= Number(right);
    case ">":
      return Number(left) > Number(right);
    case ">=":
      return Number(left) >= Number(right);
    case "+":
      return bounded(Number(left) + Number(right));
    case "-":
      return bounded(Number(left) - Number(right));
    default:
      return itemsOf(right).includes(left as Value); // an item, as was checked when it was read
  }
}

function itemsOf(list: Operand | undefined): readonly Value[] {
  return list instanceof Array ? list : [];
}

/** No sum of two safe integers is rounded to another safe one. */
function bounded(value: number): number | typeof FAULT {
  return Number.isSafeInteger(value) ? value : FAULT;
}
