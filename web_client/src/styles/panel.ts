/** What panels beside the pictures share: lists of people, with what can be done. */
import { css } from "lit";

export const panel = css`
  :host {
    display: grid;
    gap: 1rem;
    align-content: start;
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  h3 {
    margin: 0 0 0.25rem;
    font-size: 0.875rem;
    font-weight: 600;
    color: var(--quiet);
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
    display: grid;
    gap: 0.5rem;
  }
  li {
    display: grid;
    gap: 0.375rem;
    padding: 0.5rem 0.625rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  .line {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.125rem 0.625rem;
    min-width: 0;
  }
  .name {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .track {
    display: inline-flex;
    align-items: center;
    gap: 0.25rem;
  }
  .quiet {
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .good {
    color: var(--good);
  }
  .warn {
    color: var(--warn);
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.375rem;
  }
`;
