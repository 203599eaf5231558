/** Fields of forms: a word above, the field below, both as large as a finger. */
import { css } from "lit";

export const fields = css`
  .field {
    display: grid;
    gap: 0.25rem;
    min-width: 0;
    font-size: 0.875rem;
    color: var(--quiet);
  }
  .field input,
  .field select {
    width: 100%;
    min-width: 0;
    min-height: 2.75rem;
    padding: 0.375rem 0.75rem;
    border: 1px solid #8a8a8a;
    border-radius: var(--radius);
    background: var(--raised);
    color: var(--text);
    font: inherit;
    font-size: 1rem;
    text-overflow: ellipsis;
  }
  .field input:focus-visible,
  .field select:focus-visible {
    outline: 3px solid var(--focus);
    outline-offset: 1px;
  }
  .pair {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 0.5rem;
    align-items: end;
  }
  .with-button {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0.5rem;
    align-items: end;
  }
`;
