/** Whether a key was pressed to write something: single keys then do nothing else. */

const FIELDS = new Set(["INPUT", "TEXTAREA", "SELECT"]);

export function isTyping(event: Event): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLElement && (FIELDS.has(target.tagName) || target.isContentEditable);
}
