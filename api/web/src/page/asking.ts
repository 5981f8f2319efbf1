/** The page's side of the worker: questions go out, and the answers come back to whoever asked. */

import { byId } from "./elements.ts";
import type { Ask, CheckShown, Kind, Question, Told, TrustShown } from "./protocol.ts";

export type Refused = Extract<Told, { told: "refused" }>;
export type Reported = Extract<Told, { told: "report" }>;

/** Thrown where the worker refuses; what it said. */
export class Refusal extends Error {
  readonly told: Refused;
  constructor(told: Refused) {
    super(told.detail);
    this.told = told;
  }
}

/** Nobody waits for this answer any more. */
export class Overtaken extends Error {}

/** What a verification tells before its end. */
export interface Listener {
  readonly onStep: (check: CheckShown) => void;
  readonly onProgress: (name: string, done: number, total: number) => void;
}

interface Waiting {
  readonly done: (told: Told) => void;
  readonly failed: (error: Error) => void;
  readonly listener: Listener | undefined;
}

/** One worker, and the questions that it has not answered yet. */
class Channel {
  private readonly waiting = new Map<number, Waiting>();
  private readonly source: string;
  private worker: Worker;
  private last = 0;

  constructor(source: string) {
    this.source = source;
    this.worker = this.started();
  }

  ask(question: (id: number) => Ask, listener?: Listener): Promise<Told> {
    const id = ++this.last;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed, listener });
      this.worker.postMessage(question(id));
    });
  }

  /** End what is under way, if anything is, with the worker that it runs in. */
  overtake(): void {
    if (this.waiting.size === 0) return;
    this.worker.terminate();
    this.fail(new Overtaken());
    this.worker = this.started();
  }

  private started(): Worker {
    const worker = new Worker(this.source);
    worker.addEventListener("message", (event: MessageEvent<Told>) => {
      this.hear(event.data);
    });
    worker.addEventListener("error", (event) => {
      this.fail(new Error(event.message));
    });
    return worker;
  }

  private fail(error: Error): void {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const one of all) one.failed(error);
  }

  private hear(told: Told): void {
    const waiting = this.waiting.get(told.id);
    if (told.told === "step") {
      waiting?.listener?.onStep(told.check);
    } else if (told.told === "progress") {
      waiting?.listener?.onProgress(told.name, told.done, told.total);
    } else {
      this.waiting.delete(told.id);
      if (told.told === "refused") waiting?.failed(new Refusal(told));
      else waiting?.done(told);
    }
  }
}

/** The verifier, and beside it a second one that tells quickly what a file is while the first is at work. */
export class Asking {
  private readonly reader: Channel;
  private readonly verifier: Channel;

  constructor() {
    const source = URL.createObjectURL(new Blob([byId("worker").textContent], { type: "text/javascript" }));
    this.reader = new Channel(source);
    this.verifier = new Channel(source);
  }

  /** What a file is. */
  async kind(file: File): Promise<Kind> {
    const told = await this.reader.ask((id) => ({ ask: "kind", id, file }));
    return told.told === "kind" ? told.kind : "other";
  }

  /** Load a trust list; a `Refusal` says why it does not load. */
  async trust(file: File): Promise<TrustShown> {
    const told = await this.reader.ask((id) => ({ ask: "trust", id, file }));
    if (told.told !== "trust") throw new Error(`the worker answered ${told.told}`);
    return told.trust;
  }

  /** Verify; a newer question ends an older one with `Overtaken`. */
  async verify(question: Question, listener: Listener): Promise<Reported> {
    this.verifier.overtake();
    const told = await this.verifier.ask((id) => ({ ask: "verify", id, question }), listener);
    if (told.told !== "report") throw new Error(`the worker answered ${told.told}`);
    return told;
  }
}
