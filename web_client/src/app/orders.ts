/**
 * What a person orders in a meeting, one method an order: the controller sends them by the session.
 *
 * What became of one comes back as the room's state; a refused one as news (`not-done`).
 */
import type { QuestionState, SourceName } from "../protocol.gen.ts";
import type { Order } from "../session/state.ts";

/** As many as one message lets in. Source: src/telepresence/signaling/messages.py, `Admit`. */
const MOST_ADMITTED = 500;

export abstract class Orders {
  protected abstract order(order: Order): void;

  // --- everybody ---------------------------------------------------------------------------------

  say(text: string): void {
    this.order({ type: "say", text });
  }

  ask(text: string): void {
    this.order({ type: "ask", text });
  }

  raiseHand(raised: boolean): void {
    this.order({ type: "raise-hand", raised });
  }

  /** How many people sit before this device. */
  setHeads(heads: number): void {
    this.order({ type: "heads", heads });
  }

  record(recording: boolean): void {
    this.order({ type: "record", recording });
  }

  stepDown(): void {
    this.order({ type: "step-down" });
  }

  askChair(): void {
    this.order({ type: "ask-chair" });
  }

  // --- the chair's desk --------------------------------------------------------------------------

  admit(participants: readonly string[]): void {
    for (let from = 0; from < participants.length; from += MOST_ADMITTED)
      this.order({ type: "admit", participants: participants.slice(from, from + MOST_ADMITTED) });
  }

  remove(participant: string): void {
    this.order({ type: "remove", participant });
  }

  readmit(site: string): void {
    this.order({ type: "readmit", site });
  }

  lock(locked: boolean): void {
    this.order({ type: "lock", locked });
  }

  /** An encoder's track, which has no person before it, is opened again, too. */
  muteOther(participant: string, mid: string, muted = true): void {
    this.order({ type: "mute-other", participant, mid, muted });
  }

  askFor(participant: string, wish: "camera" | "microphone"): void {
    this.order({ type: "ask-for", participant, wish });
  }

  /** Shows a source large to all; null ends it. */
  spotlight(source: SourceName | null): void {
    this.order({ type: "spotlight", source });
  }

  handOn(participant: string): void {
    this.order({ type: "hand-on", participant });
  }

  lowerHand(participant: string): void {
    this.order({ type: "lower-hand", participant });
  }

  end(): void {
    this.order({ type: "end" });
  }

  // --- the stage ---------------------------------------------------------------------------------

  setQuestion(question: string, state: QuestionState, answer = ""): void {
    this.order({ type: "set-question", question, state, answer });
  }

  promote(participant: string): void {
    this.order({ type: "promote", participant });
  }

  demote(participant: string): void {
    this.order({ type: "demote", participant });
  }
}
