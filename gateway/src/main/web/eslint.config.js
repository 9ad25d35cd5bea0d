import { defineConfig } from 'eslint/config';
import lit from 'eslint-plugin-lit';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['node_modules'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      lit.configs['flat/recommended'],
    ],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Handlers in templates are called by Lit with the element as this.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'lit/no-template-map': 'off',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'What a model writes is text, never markup.' },
        { property: 'outerHTML', message: 'What a model writes is text, never markup.' },
        { property: 'insertAdjacentHTML', message: 'What a model writes is text, never markup.' },
      ],
      'no-restricted-imports': ['error', { patterns: ['lit/directives/unsafe-*'] }],
    },
  },
);
