import { css } from "lit";

export const startStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    gap: 1rem;
    min-height: 100%;
    padding: 1rem;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 1rem;
    width: min(84rem, 100%);
    margin: 0 auto;
  }
  header h1 {
    font-size: 1.25rem;
  }
  h1,
  h2,
  p {
    margin: 0;
    line-height: 1.35;
  }
  h2 {
    font-size: 1.125rem;
  }
  .stranger {
    flex: 1;
    display: flex;
    flex-direction: column;
    justify-content: center;
    gap: 1rem;
    width: min(40rem, 100%);
    margin: 0 auto;
    padding-bottom: 4rem;
  }
  .stranger h1 {
    font-size: clamp(1.5rem, 5vw, 2rem);
  }
  .stranger p {
    font-size: 1.125rem;
  }
  .quiet,
  .stranger .quiet {
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .desk {
    display: grid;
    grid-template-columns: minmax(0, 5fr) minmax(0, 4fr);
    align-items: start;
    gap: 1.5rem;
    width: min(84rem, 100%);
    margin: 0 auto;
  }
  section {
    display: grid;
    gap: 1rem;
    min-width: 0;
  }
  .warn {
    padding: 0.75rem 1rem;
    border: 1px solid var(--warn);
    border-radius: var(--radius);
  }
  @media (max-width: 64rem) {
    .desk {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;

export const fieldStyles = css`
  label,
  .label {
    display: grid;
    gap: 0.25rem;
    min-width: 0;
    font-size: 0.875rem;
    color: var(--quiet);
  }
  input:not([type="checkbox"], [type="radio"]),
  select,
  textarea {
    width: 100%;
    min-width: 0;
    min-height: 2.75rem;
    padding: 0.375rem 0.625rem;
    border: 1px solid #8a8a8a;
    border-radius: var(--radius);
    background: var(--raised);
    color: var(--text);
    color-scheme: dark;
    font: inherit;
    font-size: 1rem;
  }
  textarea {
    resize: vertical;
    line-height: 1.4;
  }
  :is(input, select, textarea, summary):focus-visible {
    outline: 3px solid var(--focus);
    outline-offset: 1px;
  }
  [aria-invalid="true"]:is(input, select, textarea) {
    border-color: var(--bad);
  }
  .fault {
    color: var(--bad);
    font-size: 0.875rem;
  }
  .check {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    min-height: 2.75rem;
    font-size: 1rem;
    color: var(--text);
  }
  input:is([type="checkbox"], [type="radio"]) {
    flex: none;
    width: 1.375rem;
    height: 1.375rem;
    margin: 0;
    accent-color: var(--act);
  }
`;
