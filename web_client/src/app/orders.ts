/**
 * What a person orders in a meeting, one method an order: the controller sends them by the session.
 *
 * What became of one comes back as the room's state; a refused one as news (`not-done`).
 */
import type { QuestionState, SourceName } from "../protocol.gen.ts";
import type { Order } from "../session/state.ts";

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
    if (participants.length > 0) this.order({ type: "admit", participants: [...participants] });
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

  muteOther(participant: string, mid: string): void {
    this.order({ type: "mute-other", participant, mid });
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
