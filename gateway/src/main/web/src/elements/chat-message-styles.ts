import { css } from 'lit';

export const messageStyles = css`
  :host {
    display: block;
  }

  p,
  ul {
    margin: 0;
  }

  .text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    line-break: auto;
    /* Each line goes in the direction of its own script. */
    unicode-bidi: plaintext;
    text-align: start;
  }

  .prompt {
    width: fit-content;
    max-width: min(85%, 36rem);
    margin-inline-start: auto;
  }

  .prompt .text {
    padding: 0.625rem 1rem;
    border-radius: var(--radius) var(--radius) 0.2rem var(--radius);
    background: var(--accent-soft);
  }

  .prompt .aside {
    text-align: end;
  }

  .answer[data-state='streaming'] .text:not(:empty)::after {
    content: '';
    display: inline-block;
    width: 0.5em;
    height: 1em;
    margin-inline-start: 0.15em;
    border-radius: 0.1em;
    vertical-align: -0.12em;
    background: var(--accent);
    animation: pulse 1.2s ease-in-out infinite;
  }

  .waiting {
    color: var(--quiet);
    animation: pulse 2s ease-in-out infinite;
  }

  .aside,
  .figures,
  .small-print {
    margin-top: 0.375rem;
    font-size: 0.8125rem;
    color: var(--quiet);
  }

  .figures {
    display: flex;
    flex-wrap: wrap;
    column-gap: 1.25rem;
    padding: 0;
    list-style: none;
    font-variant-numeric: tabular-nums;
  }

  .error {
    margin-top: 0.5rem;
    padding: 0.625rem 1rem;
    border-inline-start: 0.25rem solid var(--bad);
    border-radius: 0.25rem;
    background: var(--bad-soft);
    overflow-wrap: anywhere;
  }

  .error button {
    margin-top: 0.5rem;
  }

  @keyframes pulse {
    50% {
      opacity: 0.35;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    .waiting,
    .answer[data-state='streaming'] .text:not(:empty)::after {
      animation: none;
    }
  }

  @media (forced-colors: active) {
    .prompt .text,
    .error {
      border: 1px solid;
    }
  }
`;
