import { css } from 'lit';

export const panelStyles = css`
  :host {
    display: grid;
    gap: 1.25rem;
    align-content: start;
  }

  h2 {
    margin: 0;
    font-size: 1rem;
  }

  .presets {
    display: grid;
    grid-template-columns: repeat(3, 1fr);
  }

  .presets button {
    padding-inline: 0.25rem;
    border-radius: 0;
    font-size: 0.875rem;
  }

  .presets button + button {
    margin-inline-start: -1px;
  }

  .presets button:first-child {
    border-start-start-radius: 0.5rem;
    border-end-start-radius: 0.5rem;
  }

  .presets button:last-child {
    border-start-end-radius: 0.5rem;
    border-end-end-radius: 0.5rem;
  }

  .presets button[aria-pressed='true'] {
    z-index: 1;
    border-color: var(--accent);
    background: var(--accent-soft);
    font-weight: 600;
  }

  .choice {
    display: grid;
    gap: 0.375rem;
    font-size: 0.9375rem;
  }

  .choice select {
    padding: 0.25rem 0.5rem;
    border: 1px solid var(--control-line);
    border-radius: 0.5rem;
    background: var(--raised);
    color: inherit;
    font: inherit;
  }

  .switch {
    display: flex;
    gap: 0.625rem;
    align-items: start;
    font-size: 0.9375rem;
    line-height: 1.35;
  }

  .switch input {
    flex: none;
    width: 1.125rem;
    height: 1.125rem;
    margin: 0.0625rem 0 0;
  }

  input {
    accent-color: var(--accent);
  }

  .number {
    display: grid;
    grid-template-columns: 1fr 5.5rem;
    gap: 0.25rem 0.75rem;
    align-items: center;
    font-size: 0.9375rem;
  }

  .number[data-idle] {
    color: var(--quiet);
  }

  .number input[type='number'] {
    width: 100%;
    padding: 0.25rem 0.5rem;
    border: 1px solid var(--control-line);
    border-radius: 0.5rem;
    background: var(--raised);
    text-align: end;
  }

  .number input:disabled {
    opacity: 0.55;
  }

  .number input[type='range'],
  .number small {
    grid-column: 1 / -1;
    width: 100%;
    margin: 0;
  }

  .number small {
    color: var(--quiet);
    font-size: 0.8125rem;
  }
`;
