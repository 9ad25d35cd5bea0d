import { css } from 'lit';

export const pageStyles = css`
  :host {
    display: grid;
    grid-template: auto minmax(0, 1fr) / minmax(0, 1fr) 19rem;
    grid-template-areas: 'header header' 'main aside';
    height: 100dvh;
  }

  header {
    grid-area: header;
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1rem;
    align-items: center;
    padding: 0.625rem 1.25rem;
    border-bottom: 1px solid var(--line);
    background: var(--raised);
  }

  h1 {
    margin: 0;
    font-size: 1.125rem;
    letter-spacing: 0.01em;
  }

  connection-status {
    flex: 1;
  }

  .panel-toggle {
    display: none;
  }

  aside {
    grid-area: aside;
    padding: 1.25rem;
    border-inline-start: 1px solid var(--line);
    background: var(--sunken);
    overflow-y: auto;
  }

  main {
    grid-area: main;
    position: relative;
    display: grid;
    grid-template: minmax(0, 1fr) auto / minmax(0, 1fr);
    min-width: 0;
  }

  .conversation {
    overflow-y: auto;
    overscroll-behavior: contain;
    padding-inline: 1.25rem;
    scrollbar-gutter: stable both-edges;
  }

  .conversation:focus-visible {
    outline-offset: -0.25rem;
  }

  .turns,
  footer {
    width: 100%;
    max-width: var(--reading-width);
    margin-inline: auto;
  }

  .turns {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.5rem;
    padding-block: 1.5rem;
  }

  footer {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
    /* As wide as the text above it, which has a padding of its own. */
    max-width: calc(var(--reading-width) + 2.5rem);
    padding: 0.5rem 1.25rem 0.75rem;
  }

  .welcome h2 {
    margin: 0;
    font-size: 1.25rem;
  }

  .welcome p {
    margin: 0.25rem 0 1rem;
    color: var(--quiet);
  }

  .welcome ul {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr));
    gap: 0.625rem;
    margin: 0;
    padding: 0;
    list-style: none;
  }

  .welcome button {
    width: 100%;
    height: 100%;
    padding: 0.625rem 0.875rem;
    border-color: var(--line);
    border-radius: var(--radius);
    text-align: start;
    line-height: 1.4;
  }

  .to-latest {
    position: absolute;
    inset-block-start: -2.25rem;
    justify-self: center;
    border-radius: 2rem;
    font-size: 0.875rem;
  }

  .notice {
    padding: 0.625rem 1rem;
    border-inline-start: 0.25rem solid var(--bad);
    border-radius: 0.25rem;
    background: var(--bad-soft);
    overflow-wrap: anywhere;
  }

  .notice p {
    margin: 0;
  }

  .notice .small-print {
    font-size: 0.8125rem;
    color: var(--quiet);
  }

  @media (max-width: 56rem) {
    :host {
      grid-template: auto auto minmax(0, 1fr) / minmax(0, 1fr);
      grid-template-areas: 'header' 'aside' 'main';
    }

    header {
      gap: 0.5rem;
      padding: 0.5rem 0.75rem;
    }

    header button {
      padding-inline: 0.625rem;
      font-size: 0.875rem;
    }

    connection-status[data-lost] {
      flex-basis: 100%;
      order: 1;
    }

    .panel-toggle {
      display: block;
    }

    aside {
      display: none;
      max-height: 55dvh;
      border-inline-start: 0;
      border-bottom: 1px solid var(--line);
    }

    aside[data-open] {
      display: block;
    }

    .conversation {
      padding-inline: 0.875rem;
      scrollbar-gutter: auto;
    }

    footer {
      padding: 0.5rem 0.75rem;
    }
  }
`;
