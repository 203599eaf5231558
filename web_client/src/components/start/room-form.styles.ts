import { css } from "lit";

export const formStyles = css`
  form,
  fieldset {
    display: grid;
    gap: 1rem;
    min-width: 0;
    margin: 0;
  }
  form {
    padding: 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--ground);
  }
  fieldset {
    gap: 0.625rem;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0 0 0.375rem;
    font-weight: 600;
  }
  .kinds {
    grid-template-columns: auto auto 1fr;
    gap: 0 1.5rem;
  }
  .kinds p {
    grid-column: 1 / -1;
  }
  p {
    margin: 0;
  }
  .quiet {
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .times {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 0.75rem;
  }
  .field {
    display: grid;
    gap: 0.25rem;
    align-content: start;
    min-width: 0;
  }
  .row {
    display: grid;
    grid-template-columns: minmax(0, 5fr) minmax(0, 3fr) minmax(0, 3fr) auto;
    gap: 0.5rem;
    align-items: start;
  }
  .encoder {
    grid-column: 1 / -1;
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 0.5rem;
    padding-left: 1rem;
  }
  /* As high as a label: the button stands beside the fields. */
  .away {
    margin-top: 1.5625rem;
  }
  .more {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 1rem;
    align-items: end;
  }
  details {
    display: grid;
  }
  details[open] > * + * {
    margin-top: 0.75rem;
  }
  summary {
    min-height: 2.75rem;
    padding: 0.625rem 0;
    cursor: pointer;
  }
  @media (max-width: 40rem) {
    .times {
      grid-template-columns: minmax(0, 1fr);
    }
    .row {
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) auto;
      padding-bottom: 0.75rem;
      border-bottom: 1px solid #333;
    }
    .row .field:first-child {
      grid-column: 1 / -1;
    }
  }
`;
